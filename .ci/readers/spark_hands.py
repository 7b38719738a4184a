"""Spark as the other engine on a lake, between lakectl's jobs: every act that the README's table of who may write what allows.

    SQLITE_CATALOG=DIR/lakehouse/catalog.db spark.sh run spark_hands.py DIR LAKECTL

DIR holds a lake of its own, made by `lakectl init`. After each act the jobs run; then the tables that they publish are held against
recount.py over what Spark reads from `listens`, and `job royalties --full` must agree. One line an act on stdout; exit 1 at the first
difference.
"""

import datetime
import json
import subprocess
import sys
from pathlib import Path

from pyspark.sql import SparkSession

sys.path.insert(0, str(Path(__file__).resolve().parent))
import recount  # noqa: E402

JOBS = [("job", "deletions"), ("job", "rollup"), ("job", "royalties"), ("job", "rollup", "--true-up"), ("job", "royalties", "--full")]

# What Spark does, in order; each list is one act. The branch of the last act is Spark's own.
ACTS = {
    "append": ["INSERT INTO {listens} SELECT concat('s', listen_id), user_id, track_id, artist_id, device, event_time, ms_played, track_ms, "
               "country, tier, client, offline, received_time, extra, 'spark', 0, source_offset FROM {listens} WHERE user_id = 'u3'"],
    "delete": ["DELETE FROM {listens} WHERE user_id = 'u2' AND event_time < TIMESTAMP '2026-03-11'"],
    "update": ["UPDATE {listens} SET ms_played = 1000 WHERE track_id = 't1'"],
    "move to another month": ["UPDATE {listens} SET event_time = event_time + INTERVAL 31 DAYS WHERE user_id = 'u4'"],
    "rewrite data files": ["CALL lake.system.rewrite_data_files(table => 'music.{each}', options => map('rewrite-all', 'true'))"],
    "rewrite position deletes": ["CALL lake.system.rewrite_position_delete_files(table => 'music.listens', options => map('rewrite-all', 'true'))"],
    "rewrite manifests": ["CALL lake.system.rewrite_manifests('music.{each}')"],
    "add columns": ["ALTER TABLE {listens} ADD COLUMN score double", "ALTER TABLE {listens} ADD COLUMN tags array<string> FIRST",
                    "ALTER TABLE lake.music.deletion_requests ADD COLUMN note string AFTER request_id"],
    "order and properties": ["ALTER TABLE {listens} WRITE ORDERED BY event_time, user_id",
                             "ALTER TABLE {listens} SET TBLPROPERTIES('commit.retry.num-retries'='4', 'write.delete.mode'='copy-on-write')"],
    "expire": ["CALL lake.system.expire_snapshots(table => 'music.{each}', older_than => TIMESTAMP '2100-01-01', retain_last => 1)"],
    "branch": ["ALTER TABLE {listens} CREATE BRANCH audit",
               "INSERT INTO {listens}.branch_audit SELECT * FROM {listens} WHERE user_id = 'u1'"],
    "delete copy-on-write": ["DELETE FROM {listens} WHERE track_id = 't2' AND user_id = 'u5'"],
    "lines": ["UPDATE lake.music.royalty_lines SET listens = listens + 1000", "DELETE FROM lake.music.royalty_payouts"],
}
REWRITTEN = ["listens", "listens_counted", "royalty_lines", "royalty_payouts", "plays_by_hour", "deletion_requests", "royalty_runs", "sources"]


def lakectl(*args, want=0):
    done = subprocess.run([LAKECTL, *args], cwd=DIR, capture_output=True, text=True)
    if done.returncode != want:
        sys.exit(f"lakectl {args} ended with {done.returncode}, want {want}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def ingest(prefix, day):
    events = []
    for i in range(40):
        at = f"{day}T{i % 24:02d}:{i:02d}:00Z"
        events.append({"type": "listen", "listen_id": f"{prefix}{i}", "user_id": f"u{i % 7}", "track_id": f"t{i % 5}", "artist_id": f"A{i % 3}",
                       "device": "web", "event_time": at, "received_time": at, "ms_played": 20_000 + 1000 * i, "country": "DE", "tier": "free"})
    path = Path(DIR) / f"{prefix}.jsonl"
    path.write_text("".join(json.dumps(e) + "\n" for e in events))
    lakectl("ingest", "file", path.name)


def refresh():
    """Spark keeps tables as it loaded them; lakectl has committed since."""
    for table in [*REWRITTEN, "plays_by_day"]:
        spark.catalog.refreshTable(f"lake.music.{table}")


def rows(table):
    refresh()
    return [row.asDict() for row in spark.table(f"lake.music.{table}").collect()]


def check(act):
    archive = rows("listens")
    for row in archive:  # Spark gives times of the session's zone, which is UTC, without it
        for column in ("event_time", "received_time"):
            row[column] = row[column].replace(tzinfo=datetime.timezone.utc)
    want = recount.lines(archive)
    got = {(r["period"], r["artist_id"], r["track_id"], r["country"], r["tier"]): (r["listens"], r["qualified_listens"]) for r in rows("royalty_lines")}
    paid = {(r["period"], r["country"], r["tier"], r["currency"], r["artist_id"], r["track_id"]): (r["qualified_listens"], r["amount_minor"])
            for r in rows("royalty_payouts")}
    plays = sum(r["plays"] for r in rows("plays_by_day"))
    for what, a, b in [("royalty_lines", got, want), ("royalty_payouts", paid, recount.payouts(want, POOLS)),
                       ("plays_by_day", plays, sum(listens for listens, _ in want.values()))]:
        if a != b:
            sys.exit(f"after {act}: {what} is {str(a)[:1500]}\nwant {str(b)[:1500]}")
    print(f"spark: {act}: {len(archive)} rows, {len(want)} lines as recounted", flush=True)


DIR, LAKECTL = sys.argv[1:3]
POOLS = [("2026-03", "*", "*", "EUR", 123_457)]
spark = SparkSession.builder.config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions").getOrCreate()
(Path(DIR) / "pools.csv").write_text("period,country,tier,currency,amount_minor\n" + ",".join(map(str, POOLS[0])) + "\n")
lakectl("pools", "apply", "pools.csv")
ingest("a", "2026-03-10")
for number, (act, statements) in enumerate(ACTS.items()):
    ingest(f"n{number}-", "2026-03-12")
    if number == 0:
        for job in JOBS:
            lakectl(*job)
    for statement in statements:
        for table in REWRITTEN if "{each}" in statement else [""]:
            refresh()
            spark.sql(statement.format(listens="lake.music.listens", each=table)).collect()
    for job in JOBS:
        lakectl(*job)
    check(act)
