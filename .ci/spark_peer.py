"""The Spark half of spark_peer, which says what is compared. Runs in engines/spark.sh, on the lake that the bench left.

    spark.sh run spark_peer.py REPORT.json      REPORT.json is what `lakectl --json bench royalties --engine trino` said

Prints a line of JSON of what Spark did and a table of all; exit 1 unless lines, listens and qualified listens are the same.
"""

import json
import os
import sys
import time
from pathlib import Path

from pyspark.sql import SparkSession

RUNS = 3  # the first warms up

# The copy that counts is the smallest in the published order; a NULL track_ms comes last. Structs compare field by field.
LINES = """
SELECT date_trunc('month', copy.event_time) AS period, copy.artist_id, copy.track_id, copy.country, copy.tier, count(*) AS listens,
  count_if(copy.ms_played >= 30000) AS qualified_listens
FROM (
  SELECT min(struct(received_time, event_time, ms_played, track_id, artist_id, user_id, country, tier, device, track_ms IS NULL,
    track_ms)) AS copy
  FROM lake.music.listens GROUP BY listen_id)
GROUP BY 1, 2, 3, 4, 5
"""

# The same as statements of lakectl say it, with a window.
RANKED = """
SELECT date_trunc('month', event_time) AS period, artist_id, track_id, country, tier, count(*) AS listens,
  count_if(ms_played >= 30000) AS qualified_listens
FROM (
  SELECT *, row_number() OVER (PARTITION BY listen_id ORDER BY received_time, event_time, ms_played, track_id, artist_id, user_id,
    country, tier, device, track_ms NULLS LAST) AS place
  FROM lake.music.listens)
WHERE place = 1
GROUP BY 1, 2, 3, 4, 5
"""

COUNTS = "SELECT count(*), sum(listens), sum(qualified_listens) FROM ({})"


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_rss_mib(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def measure(spark, name, statement):
    jvm = os.getppid()  # spark-submit's, which does the work
    runs = []
    for _ in range(RUNS):
        began, cpu = time.time(), cpu_seconds(jvm)
        counts = [int(n) for n in spark.sql(COUNTS.format(statement)).first()]
        runs.append((time.time() - began, cpu_seconds(jvm) - cpu, counts))
    if any(counts != runs[0][2] for _, _, counts in runs):
        sys.exit(f"spark_peer: {name} counts {[counts for _, _, counts in runs]}")
    seconds, cpu, counts = min(runs[1:])
    return {"side": name, "seconds": seconds, "cpu": cpu, "mib": peak_rss_mib(jvm), "cold": runs[0][0], "counts": counts}


def ours(report, engine):
    at, work = next((i, w) for i, w in enumerate(report["work"]) if w["what"] == f"job royalties --engine {engine} --full")
    cpu, mib = work["cpu_us_per_row"], work["peak_rss_mib"]
    if engine == "trino":
        cost = report["trino"][at]
        cpu, mib = cpu + cost["trino_cpu_us_per_row"], mib + cost["peak_mib_of_all_nodes"]
    return {"side": f"lakectl, {engine}", "seconds": work["seconds"], "cpu": cpu * work["rows"] / 1e6, "mib": mib}


def main():
    report = json.loads(Path(sys.argv[1]).read_text())
    rows, same = report["work"][0]["rows"], report["the_same_of_both"]
    want = [sum(period[name] for period in same) for name in ("lines", "listens", "qualified_listens")]
    spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    spark.conf.set("spark.sql.shuffle.partitions", max(4, rows // 1_000_000))
    peers = [measure(spark, "Spark, min of struct", LINES), measure(spark, "Spark, row_number", RANKED)]
    for peer in peers:
        print(json.dumps(peer))
        if peer["counts"] != want:
            sys.exit(f"spark_peer: of lines, listens and qualified listens {peer['side']} has {peer['counts']}, lakectl {want}")
    best = min(peers, key=lambda peer: peer["seconds"])
    print(f"{'':24}{'seconds':>10}{'rows/s':>12}{'CPU s':>10}{'us/row':>8}{'MiB':>8}{'wall':>8}{'CPU':>8}   to the faster Spark")
    for side in [ours(report, "duckdb"), ours(report, "trino"), *peers]:
        print(
            f"{side['side']:24}{side['seconds']:>10.1f}{rows / side['seconds']:>12,.0f}{side['cpu']:>10.1f}{side['cpu'] * 1e6 / rows:>8.2f}{side['mib']:>8}"
            f"{side['seconds'] / best['seconds']:>8.2f}{side['cpu'] / best['cpu']:>8.2f}"
        )
    print(f"the same of {rows} copies: {want[0]} lines, {want[1]} listens, {want[2]} of them qualified")


if __name__ == "__main__":
    main()
