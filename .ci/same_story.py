"""Two runs of the demo with one seed must tell the same story, whichever broker carried the events.

    same_story.py ONE.json OTHER.json

Compares what `lakectl --json demo` printed: every count, checksum and payout. Exit 1 with a line per difference.
"""

import json
import sys

# What names or times the run itself: clocks, addresses, ids that are made from snapshot ids, and the proof, which names the lake.
OF_THE_RUN = {"seconds", "broker", "run_id", "proof"}


def facts(value, path=""):
    """Every value with the path to it."""
    if isinstance(value, dict):
        parts = [(f"{path}.{key}", part) for key, part in value.items() if key not in OF_THE_RUN]
    elif isinstance(value, list):
        parts = [(f"{path}[{i}]", part) for i, part in enumerate(value)]
    else:
        return {path.lstrip("."): value}
    return {name: fact for part_path, part in parts for name, fact in facts(part, part_path).items()}


def main():
    one, other = (facts(json.load(open(path))) for path in sys.argv[1:3])
    if not one.get("checksum"):
        sys.exit("the demo printed no checksum: nothing to compare")
    lines = [f"{name}: {one.get(name)} and {other.get(name)}" for name in sorted(one | other) if one.get(name) != other.get(name)]
    if lines:
        sys.exit("\n".join(lines))
    print(f"same story: {len(one)} facts, checksum {one['checksum']}")


if __name__ == "__main__":
    main()
