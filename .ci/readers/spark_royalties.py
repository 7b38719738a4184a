"""Royalties recounted by another engine: from the archive alone Spark finds which copies count, the lines, the checksum and
the payouts of every period, in SQL of its own, and all of it must be what the lake publishes.

    SQLITE_CATALOG=LAKE/catalog.db spark.sh run spark_royalties.py [--expect-deletes]

Runs in engines/spark.sh, on a lake whose jobs have nothing left to do. Of the lake it counts from `listens`, `royalty_rules` and
`royalty_pools`, and compares with `royalty_lines`, `royalty_runs` and `royalty_payouts`. One line of what was compared on stdout,
the first differences on stderr; exit 1 on any difference, and where there was nothing to compare.
"""

import argparse
import hashlib
import sys
from collections import Counter, defaultdict, namedtuple

from pyspark.sql import SparkSession

SHOWN = 5  # differences of one kind

# Lines sort as the checksum wants them: Python orders texts by code point, which is the order of their UTF-8 bytes.
Line = namedtuple("Line", "period artist_id track_id country tier listens qualified_listens")

# What holds while no rules were applied: no selectors, no dates.
DEFAULT_RULE = {"position": 1, "counts": True, "min_ms_played": 30_000}

# The smallest copy of an id counts, whole. Structs compare field by field, strings in them by their UTF-8 bytes. null is
# smaller than any number, so that track_ms needs a flag before it to come last.
COUNTED = """
SELECT listen_id, count(*) AS copies, min(struct(
    received_time, event_time, ms_played, track_id, artist_id, user_id, country, tier, device, track_ms IS NULL, track_ms)) AS copy
FROM lake.music.listens
GROUP BY listen_id
"""

# The first rule that matches a listen decides; where there is none it does not qualify. A date is midnight UTC, the time zone of the
# session.
JUDGED = """
SELECT copies, copy, coalesce(rule.counts AND (copy.ms_played >= rule.min_ms_played
    OR rule.min_fraction_e4 > 0 AND CAST(copy.ms_played AS bigint) * 10000 >= rule.min_fraction_e4 * copy.track_ms), false) AS qualifies
FROM (
  SELECT copies, copy, filter(rules.ordered, r ->
    (r.track_id IS NULL OR r.track_id = copy.track_id) AND (r.artist_id IS NULL OR r.artist_id = copy.artist_id)
    AND (r.country IS NULL OR r.country = copy.country) AND (r.tier IS NULL OR r.tier = copy.tier)
    AND (r.device IS NULL OR r.device = copy.device)
    AND (r.effective_from IS NULL OR copy.event_time >= CAST(r.effective_from AS timestamp))
    AND (r.effective_to IS NULL OR copy.event_time < CAST(r.effective_to AS timestamp)))[0] AS rule
  FROM counted CROSS JOIN (
    SELECT sort_array(collect_list(struct(position, track_id, artist_id, country, tier, device, effective_from, effective_to,
      counts, min_ms_played, min_fraction_e4))) AS ordered FROM rules) rules)
"""

LINES = """
SELECT date_format(copy.event_time, 'yyyy-MM') AS period, copy.artist_id, copy.track_id, copy.country, copy.tier,
  count(*) AS listens, count_if(qualifies) AS qualified_listens, sum(copies) AS copies
FROM judged
GROUP BY 1, 2, 3, 4, 5
"""

PUBLISHED_LINES = "SELECT period, artist_id, track_id, country, tier, listens, qualified_listens FROM lake.music.royalty_lines"

# The run that was published last should be told by its snapshot; in a lake that one process made, its clock tells the same.
NEWEST_RUNS = """
SELECT period, max_by(lines, finished_at), max_by(listens, finished_at), max_by(qualified_listens, finished_at),
  max_by(checksum, finished_at)
FROM lake.music.royalty_runs
GROUP BY period
"""

POOLS = """
SELECT period, country, tier, currency, amount_minor
FROM lake.music.royalty_pools p JOIN (SELECT period, max(version) AS version FROM lake.music.royalty_pools GROUP BY period)
  USING (period, version)
"""

PUBLISHED_PAYOUTS = """
SELECT period, country, tier, currency, artist_id, track_id, qualified_listens, amount_minor
FROM lake.music.royalty_payouts
"""

# Rows of the live data files, deleted ones included.
STORED = "SELECT coalesce(sum(record_count), 0) FROM lake.music.listens.data_files"


def recount(spark):
    """The sorted lines, from the archive alone, and how many copies were read."""
    rules = spark.sql("SELECT * FROM lake.music.royalty_rules WHERE version = (SELECT max(version) FROM lake.music.royalty_rules)")
    if rules.isEmpty():
        rules = spark.createDataFrame([DEFAULT_RULE], rules.schema)
    rules.createOrReplaceTempView("rules")
    spark.sql(COUNTED).createOrReplaceTempView("counted")
    spark.sql(JUDGED).createOrReplaceTempView("judged")
    rows = rows_of(spark, LINES)
    return sorted(Line(*row[:-1]) for row in rows), sum(row[-1] for row in rows)


def rows_of(spark, query):
    return [tuple(row) for row in spark.sql(query).collect()]


def runs_of(lines):
    """What the newest run of each period must say: lines, listens, qualified listens and the checksum."""
    by_period = defaultdict(list)
    for line in lines:
        by_period[line.period].append(line)
    return [
        (period, len(own), sum(line.listens for line in own), sum(line.qualified_listens for line in own), checksum(own))
        for period, own in by_period.items()
    ]


def checksum(lines):
    digest = hashlib.sha256()
    for line in lines:
        digest.update("\x1f".join(map(str, line)).encode() + b"\n")
    return digest.hexdigest()


def share(pools, lines):
    """Every pool over the qualified listens it covers, largest remainder first, in integers."""
    payouts = []
    for period, country, tier, currency, amount in pools:
        earned = Counter()
        for line in lines:
            if line.period == period and country in ("*", line.country) and tier in ("*", line.tier) and line.qualified_listens:
                earned[line.artist_id, line.track_id] += line.qualified_listens
        total = sum(earned.values())
        parts = {who: amount * n // total for who, n in earned.items()}
        first = sorted(earned, key=lambda who: (-(amount * earned[who] % total), who))
        for who in first[:amount - sum(parts.values())]:
            parts[who] += 1
        payouts += [(period, country, tier, currency, *who, n, parts[who]) for who, n in earned.items()]
    return payouts


def differences(name, counted, published):
    """One line for each row, as often as it is there, that only one side has: the first of them, and how many there are."""
    counted, published = Counter(counted), Counter(published)
    only = [(row, "Spark") for row in (counted - published).elements()]
    only += [(row, "the lake") for row in (published - counted).elements()]
    lines = [f"{name}: only {who} has {'  '.join(map(str, row))}" for row, who in sorted(only, key=repr)[:SHOWN]]
    if len(only) > SHOWN:
        lines.append(f"{name}: {len(only)} rows differ")
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--expect-deletes", action="store_true", help="fail when no listen is removed by row deletes")
    arguments = parser.parse_args()
    spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()

    lines, copies = recount(spark)
    runs, newest = runs_of(lines), rows_of(spark, NEWEST_RUNS)
    gone = {run[0] for run in newest} - {run[0] for run in runs}
    runs += [(period, 0, 0, 0, checksum([])) for period in gone]
    payouts = share(rows_of(spark, POOLS), lines)
    deleted = rows_of(spark, STORED)[0][0] - copies

    problems = differences("royalty_lines", lines, rows_of(spark, PUBLISHED_LINES))
    problems += differences("newest run in royalty_runs", runs, newest)
    problems += differences("royalty_payouts", payouts, rows_of(spark, PUBLISHED_PAYOUTS))
    if not problems:
        problems += [f"Spark counts no {what}: nothing was compared" for what, n in [("line", lines), ("payout", payouts)] if not n]
        if arguments.expect_deletes and deleted == 0:
            problems.append("listens has no row deletes: reading them was not compared")
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    print(
        f"Spark counts the same: {copies} archived copies ({deleted} more deleted), {sum(line.listens for line in lines)} listens, "
        f"{len(lines)} lines and checksums of {len(runs)} periods, {len(payouts)} payouts"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
