"""What `go test -json` printed, told as `go test` tells it, and the tests that wait for an engine.

    go test -json ./... | tests.py WAITING [--no-skips]

Prints a line a package, all that a failed test printed, and the slowest tests. Writes a line `package test` to the
file WAITING for each top-level test that skipped for want of an engine, or has a part that did. With --no-skips such a
test is a failure.
Exit 1 after a failure.
"""

import collections
import json
import sys

# Every skip that an engine would end names the folder.
ENGINES = ".ci/engines"


def main():
    waiting_path, no_skips = sys.argv[1], "--no-skips" in sys.argv
    output, passed = collections.defaultdict(list), 0
    failed, waiting, seconds = [], {}, {}
    for line in sys.stdin:
        try:
            event = json.loads(line)
        except json.JSONDecodeError:  # what the compiler says
            print(line, end="", flush=True)
            continue
        action, package, test = event["Action"], event.get("Package", event.get("ImportPath", "")), event.get("Test")
        if action in ("output", "build-output"):
            output[package, test].append(event["Output"])
        elif action == "build-fail":
            print("".join(output.pop((package, None), [])), end="", flush=True)
        elif action == "skip" and test:
            if ENGINES in "".join(output.pop((package, test), [])):
                waiting[package, test.split("/")[0]] = None
        elif action == "pass" and test:
            output.pop((package, test), None)
            if "/" not in test:
                passed += 1
                seconds[f"{package.split('/', 3)[-1]} {test}"] = event["Elapsed"]
        elif action == "fail" and test:
            failed.append(f"{package} {test}")
            print("".join(output.pop((package, test), [])), end="", flush=True)
        elif action in ("pass", "fail", "skip"):
            told = output.pop((package, None), [])
            cut = [text for key, texts in output.items() if key[0] == package for text in texts] if action == "fail" else []
            print("".join((told + cut)[-300:] if action == "fail" else told[-1:]), end="", flush=True)
            failed += [package] if action == "fail" else []
            for key in [key for key in output if key[0] == package]:
                del output[key]
    with open(waiting_path, "w") as file:
        file.writelines(f"{package} {test}\n" for package, test in waiting)
    slowest = sorted(seconds.items(), key=lambda test: -test[1])[:40]
    print("slowest, in s:", *(f"{test} {round(took)}" for test, took in slowest), sep="\n  ", flush=True)
    print(f"{passed} tests passed, {len(waiting)} wait for an engine, {len(failed)} failed", flush=True)
    if failed or no_skips and waiting:
        sys.exit("failed: " + ", ".join(failed + [f"{package} {test} (skipped)" for package, test in waiting if no_skips]))


if __name__ == "__main__":
    main()
