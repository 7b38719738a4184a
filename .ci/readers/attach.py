"""Other engines attach to a lake by URL: `lakectl catalog serve`, and the snippets of examples/engines as they stand.

    TRINO_URL=... attach.py LAKE LAKECTL

LAKE is the directory of the lake, named as lakectl's default, `lakehouse`; it has a closed month. Runs in the Python of
engines/readers.sh, with the variables it prints. The catalog listens at a port that is free, and the snippets are told so and nothing
else: several runs may share a machine. PyIceberg, DuckDB, Spark and Trino must read as many rows of every table as
`lakectl sql`, as many lines under the tag of the month, and be refused a write after which nothing has changed. One line an engine on
stdout; exit 1 at the first difference.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import duckdb
from pyiceberg.catalog import load_catalog

WRITTEN = "http://127.0.0.1:8181"  # in the snippets
ROOT = Path(__file__).resolve().parents[2]
TAG = "royalty-2026-03-v1"


def free():
    """An address that nobody listens at."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{s.getsockname()[1]}"


def moved(folder):
    """The snippets, copied into a folder, with the address of this run."""
    for path in (ROOT / "examples" / "engines").iterdir():
        text = path.read_text()
        if WRITTEN in text:
            (folder / path.name).write_text(text.replace(WRITTEN, URL))
    return folder


def lakectl(*args):
    done = subprocess.run([LAKECTL, "--json", *args], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"lakectl {args} ended with {done.returncode}\n{done.stderr[-3000:]}")
    return json.loads(done.stdout)


def count(table, *args):
    return lakectl("sql", *args, f"SELECT count(*) AS n FROM {table}")["rows"][0]["n"]


def refused(write):
    try:
        write()
    except Exception as e:
        return str(e)
    return ""


def by_pyiceberg():
    done = subprocess.run([sys.executable, SNIPPETS / "with_pyiceberg.py"], stdout=subprocess.PIPE, text=True, timeout=300, check=True)
    tables = {name: int(rows) for name, rows in re.findall(r"^music (\w+) (\d+)$", done.stdout, re.M)}
    tagged = int(re.search(rf"^royalty_lines {TAG} (\d+)$", done.stdout, re.M)[1])
    runs = load_catalog("lake", type="rest", uri=URL).load_table("music.royalty_runs")
    return tables, tagged, refused(lambda: runs.append(runs.scan().to_arrow()))


def by_duckdb():
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    for name in ("HTTPFS", "AVRO", "ICEBERG"):  # iceberg needs both loaded first
        connection.load_extension(os.environ[f"DUCKDB_{name}_EXTENSION"])
    devices = connection.execute((SNIPPETS / "duckdb.sql").read_text()).fetchall()
    names = [row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake'").fetchall()]
    tables = {name: connection.execute(f"SELECT count(*) FROM lake.music.{name}").fetchone()[0] for name in names}
    if sum(n for _, n in devices) != tables["listens"]:
        sys.exit(f"the snippet of DuckDB counts {devices}, of {tables['listens']} listens")
    snapshot = next(s["snapshot_id"] for s in lakectl("snapshots", "royalty_lines") if TAG in s["tags"])
    tagged = connection.execute(f"SELECT count(*) FROM lake.music.royalty_lines AT (VERSION => {snapshot})").fetchone()[0]
    return tables, tagged, refused(lambda: connection.execute("INSERT INTO lake.music.royalty_runs SELECT * FROM lake.music.royalty_runs"))


def by_spark():
    done = subprocess.run([ROOT / ".ci" / "engines" / "spark.sh", "run", ROOT / ".ci" / "readers" / "attach_spark.py", TAG],
                          env={**os.environ, "SPARK_CATALOG": str(SNIPPETS / "spark.properties")}, stdout=subprocess.PIPE, text=True, timeout=600, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return found["tables"], found["tagged"], found["refusal"]


def trino(statement):
    """Runs a statement by Trino's HTTP protocol and returns the rows."""
    headers = {"X-Trino-User": "lake", "X-Trino-Catalog": CATALOG}
    request = urllib.request.Request(os.environ["TRINO_URL"] + "/v1/statement", statement.encode(), headers)
    rows = []
    while True:
        with urllib.request.urlopen(request, timeout=120) as answer:
            page = json.load(answer)
        rows += page.get("data", [])
        if "error" in page:
            raise RuntimeError(page["error"]["message"])
        if "nextUri" not in page:
            return rows
        request = urllib.request.Request(page["nextUri"], headers=headers)


def by_trino():
    properties = dict(re.findall(r"^([\w.-]+)=(.*)$", (SNIPPETS / "trino.properties").read_text(), re.M))
    connector = properties.pop("connector.name")
    options = ", ".join(f"\"{key}\" = '{value}'" for key, value in properties.items())
    trino(f"CREATE CATALOG {CATALOG} USING {connector} WITH ({options})")
    tables = {name: trino(f"SELECT count(*) FROM music.{name}")[0][0] for [name] in trino("SHOW TABLES FROM music")}
    tagged = trino(f"SELECT count(*) FROM music.royalty_lines FOR VERSION AS OF '{TAG}'")[0][0]
    refusal = refused(lambda: trino("INSERT INTO music.royalty_runs SELECT * FROM music.royalty_runs"))
    trino(f"DROP CATALOG {CATALOG}")
    return tables, tagged, refusal


def check(engine, attach, want, lines):
    began = time.monotonic()
    tables, tagged, refusal = attach()
    other = {name: (tables.get(name), want.get(name)) for name in set(tables) | set(want) if tables.get(name) != want.get(name)}
    if other or tagged != lines:
        sys.exit(f"{engine} by URL counts (seen, want) {other}, and {tagged} lines under {TAG}, not {lines}")
    if not re.search("read-only|[Nn]ot support|[Ff]orbidden", refusal):
        sys.exit(f"{engine} by URL was not refused a write: {refusal!r}")
    print(f"by URL: {engine}: {sum(tables.values())} rows of {len(tables)} tables, {tagged} under {TAG}, in {time.monotonic() - began:.0f} s; "
          f"a write: {' '.join(refusal.split())[:120]}", flush=True)


def serve():
    """The catalog, once it answers."""
    server = subprocess.Popen([LAKECTL, "catalog", "serve", "--addr", ADDRESS])
    for _ in range(150):
        if server.poll() is not None:
            sys.exit(f"lakectl catalog serve ended with {server.returncode}")
        try:
            urllib.request.urlopen(URL + "/healthz", timeout=5).close()
            return server
        except OSError:
            time.sleep(0.2)
    server.kill()
    sys.exit("lakectl catalog serve does not answer")


def main():
    names = [row["table"] for row in lakectl("snapshots")]
    want = {name: count(name) for name in names}
    lines = count("royalty_lines", "--as-of", TAG)
    if not want.get("listens") or not want.get("royalty_runs") or not lines:
        sys.exit(f"nothing to compare in {want}, {lines} lines under {TAG}")
    server = serve()
    try:
        for engine, attach in [("PyIceberg", by_pyiceberg), ("DuckDB", by_duckdb), ("Spark", by_spark), ("Trino", by_trino)]:
            check(engine, attach, want, lines)
        if any(count(name) != n for name, n in want.items()):
            sys.exit("a write that was refused changed a table")
    finally:
        server.terminate()
        if server.wait(timeout=30) != 0:
            sys.exit(f"lakectl catalog serve ended with {server.returncode}")


LAKE, LAKECTL = (str(Path(path).resolve(strict=True)) for path in sys.argv[1:3])
os.chdir(Path(LAKE).parent)
ADDRESS = free()
URL = "http://" + ADDRESS
CATALOG = "by_url_" + ADDRESS.rpartition(":")[2]
with tempfile.TemporaryDirectory() as temporary:
    SNIPPETS = moved(Path(temporary))
    main()
