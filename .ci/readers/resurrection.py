"""Deletes of Spark and of Trino around compaction: no row that an engine deleted is ever seen again.

    POSTGRES_...=... LAKE_WAREHOUSE=... TRINO_URL=... spark.sh run resurrection.py SEED DIR LAKECTL

DIR gets a lake of its own in the database and the warehouse that the variables name. It has a file that is large enough to be left
alone, small ones that are merged, and too few small ones on another day. Each engine deletes listeners before, while and after
`job maintain` rewrites files, and while that is killed. After each act lakectl, Spark and Trino must read exactly the rows that are
left, by listener; the script counts these itself. One line an act on stdout; exit 1 at the first difference.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path

from pyspark.sql import SparkSession

LISTENERS = 60
LARGE, SMALL, FEW = "2026-03-10", "2026-03-10", "2026-03-11"  # the days of the files


class Refused(Exception):
    """An engine lost to a commit of another."""


def lakectl(*args, **options):
    done = subprocess.run([LAKECTL, "--config", "lakehouse.yaml", *args], cwd=DIR, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"lakectl {args} ended with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def ingest(day, rows):
    """Adds a file of a day with rows of all listeners who have not left."""
    global files
    files += 1
    events = []
    for i in range(rows):
        listener = f"u{i % LISTENERS}"
        if listener in gone:
            continue
        at = f"{day}T{i % 24:02d}:{i % 60:02d}:{files % 60:02d}Z"
        events.append({"type": "listen", "listen_id": f"{files}-{i}-{chance.getrandbits(128):032x}", "user_id": listener, "track_id": f"t{i % 5}",
                       "artist_id": f"A{i % 3}", "device": "web", "event_time": at, "received_time": at, "ms_played": 20_000 + i, "country": "DE",
                       "tier": "free"})
    left.update(Counter(e["user_id"] for e in events))
    path = Path(DIR) / f"events-{files}.jsonl"
    path.write_text("".join(json.dumps(e) + "\n" for e in events))
    lakectl("ingest", "file", path.name)


def trino(statement):
    """Runs a statement by Trino's HTTP protocol and returns the rows."""
    headers = {"X-Trino-User": "lake", "X-Trino-Catalog": "lake"}
    request = urllib.request.Request(os.environ["TRINO_URL"] + "/v1/statement", statement.encode(), headers)
    rows = []
    while True:
        with urllib.request.urlopen(request, timeout=120) as answer:
            page = json.load(answer)
        rows += page.get("data", [])
        if "error" in page:
            raise Refused(page["error"]["message"])
        if "nextUri" not in page:
            return rows
        request = urllib.request.Request(page["nextUri"], headers=headers)


def by_trino(listener):
    trino(f"DELETE FROM music.listens WHERE user_id = '{listener}'")


def by_spark(granularity):
    def delete(listener):
        spark.catalog.refreshTable("lake.music.listens")
        try:
            spark.sql(f"ALTER TABLE lake.music.listens SET TBLPROPERTIES ('write.delete.mode'='merge-on-read', 'write.delete.granularity'='{granularity}')")
            spark.sql(f"DELETE FROM lake.music.listens WHERE user_id = '{listener}'").collect()
        except Exception as e:  # Py4J's wrapper of whatever Java threw
            if "CommitFailedException" in str(e) or "ValidationException" in str(e) or "Cannot commit" in str(e):
                raise Refused(str(e)[:300]) from e
            raise

    return delete


def take(delete):
    """Has an engine delete the next listener, again where it lost to a commit."""
    listener = f"u{len(gone)}"
    for _ in range(20):
        try:
            delete(listener)
            break
        except Refused as e:
            refused.append(str(e))
    else:
        sys.exit(f"20 times in a row an engine could not delete: {refused[-1]}")
    gone.add(listener)
    left.pop(listener, None)


def check(act):
    spark.catalog.refreshTable("lake.music.listens")
    seen = {
        "lakectl": {r["user_id"]: r["n"] for r in json.loads(lakectl("--json", "sql", "SELECT user_id, count(*) AS n FROM listens GROUP BY 1"))["rows"]},
        "spark": {r["user_id"]: r["n"] for r in spark.sql("SELECT user_id, count(*) AS n FROM lake.music.listens GROUP BY 1").collect()},
        "trino": dict(trino("SELECT user_id, count(*) FROM music.listens GROUP BY 1")),
    }
    for reader, got in seen.items():
        if got != dict(left):
            back = {u: n for u, n in got.items() if u in gone}
            other = {u: (got.get(u), left.get(u)) for u in set(got) | set(left) if got.get(u) != left.get(u) and u not in gone}
            sys.exit(f"seed {SEED}, after {act}: {reader} sees rows of listeners who were deleted: {back}; others (seen, want): {other}")
    print(f"resurrection: {act}: {sum(left.values())} rows of {len(left)} listeners, {len(gone)} gone, by lakectl, Spark and Trino", flush=True)


def purge():
    """Purges one listener whom nobody deleted yet, and one whom each engine deleted before."""
    for delete in (by_spark("partition"), by_trino):
        take(delete)
    gone.add("u2")
    left.pop("u2")
    requests = [{"type": "deletion", "request_id": f"r{i}", "user_id": f"u{i}", "requested_at": "2026-03-20T00:00:00Z", "received_time": "2026-03-20T00:00:00Z"}
                for i in range(3)]
    (Path(DIR) / "requests.jsonl").write_text("".join(json.dumps(r) + "\n" for r in requests))
    lakectl("ingest", "file", "requests.jsonl")
    lakectl("job", "deletions", "--purge-now")
    lakectl("deletions", "verify")
    spark.catalog.refreshTable("lake.music.listens")
    snapshots = [r["snapshot_id"] for r in spark.sql("SELECT snapshot_id FROM lake.music.listens.snapshots").collect()]
    for snapshot in snapshots:
        seen = spark.sql(f"SELECT count(*) AS n FROM lake.music.listens VERSION AS OF {snapshot} WHERE user_id IN ('u0', 'u1', 'u2')").collect()[0]["n"]
        if seen:
            sys.exit(f"snapshot {snapshot} of listens has {seen} rows of purged listeners")
    check(f"three listeners purged, of whom engines had deleted two; {len(snapshots)} snapshots left")


def replaced():
    """How many snapshots of listens are rewrites."""
    return spark.sql("SELECT count(*) AS n FROM lake.music.listens.snapshots WHERE operation = 'replace'").collect()[0]["n"]


def maintain():
    return subprocess.Popen([LAKECTL, "--config", "lakehouse.yaml", "job", "maintain"], cwd=DIR, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def maintain_beside(delete):
    """Stops a maintenance at random moments, and each time has the engine delete before it goes on."""
    job = maintain()
    for _ in range(4):
        time.sleep(chance.uniform(0.1, 0.5))
        if job.poll() is None:
            job.send_signal(signal.SIGSTOP)
        take(delete)
        job.send_signal(signal.SIGCONT)
    _, said = job.communicate(timeout=300)
    if job.returncode != 0:
        sys.exit(f"job maintain beside deletes ended with {job.returncode}\n{said[-3000:]}")


def around(engine, delete):
    """Deletes before, while and after files are rewritten, and while the rewrite is killed."""
    for _ in range(12):
        ingest(SMALL, 240)
    ingest(FEW, 240)
    take(delete)
    check(f"{engine}, before the rewrite")
    was = replaced()
    maintain_beside(delete)
    check(f"{engine}, while files were rewritten")
    take(delete)
    lakectl("job", "maintain")
    check(f"{engine}, after the rewrite")
    for _ in range(12):
        ingest(SMALL, 240)
    for _ in range(3):
        job = maintain()
        time.sleep(chance.uniform(0.05, 1.5))
        take(delete)
        job.kill()
        job.communicate()
    lakectl("job", "maintain")
    check(f"{engine}, where the rewrite was killed three times")
    spark.catalog.refreshTable("lake.music.listens")
    if replaced() == was:
        sys.exit(f"{engine}: nothing was rewritten, so nothing is shown")


SEED, DIR, LAKECTL = int(sys.argv[1]), *sys.argv[2:4]
chance = random.Random(SEED)
gone, left, refused, files = set(), Counter(), [], 0
spark = SparkSession.builder.config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions").getOrCreate()
(Path(DIR) / "catalog-uri").write_text(os.environ["POSTGRES_DSN"])
(Path(DIR) / "catalog-uri").chmod(0o600)
(Path(DIR) / "lakehouse.yaml").write_text(json.dumps({
    "catalog": {"type": "postgres", "uri_file": f"{DIR}/catalog-uri", "warehouse": os.environ["LAKE_WAREHOUSE"].removeprefix("file://"),
                "subject_key_file": f"{DIR}/subject.key", "certificate_dir": f"{DIR}/certificate"},
    "maintain": {"target_file_size": "256KiB"}}))
lakectl("init")
ingest(LARGE, 30_000)
for job in [("rollup",), ("royalties",)]:
    lakectl("job", *job)
purge()
for engine, delete in [("Spark, a delete file a partition", by_spark("partition")), ("Spark, one a data file", by_spark("file")), ("Trino", by_trino)]:
    around(engine, delete)
for job in [("deletions",), ("rollup",), ("royalties",), ("rollup", "--true-up"), ("royalties", "--full")]:
    lakectl("job", *job)
print(f"resurrection: {len(refused)} deletes lost to a commit and were made again")
