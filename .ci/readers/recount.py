"""What a lake must hold, counted from its events in plain Python: integers only, no code of the project's and no SQL.

Rows are dicts with the columns of `listens`; times are datetimes with zone. Used by history.py.
"""

import hashlib
from collections import defaultdict

THRESHOLD_MS = 30_000  # what counts while no rules were applied


def smallest_first(row):
    """The order that decides which copy of a listen counts; strings by their UTF-8 bytes, an absent track_ms last."""
    texts = [row[c].encode() for c in ("track_id", "artist_id", "user_id", "country", "tier", "device")]
    return (row["received_time"], row["event_time"], row["ms_played"], *texts, row["track_ms"] is None, row["track_ms"] or 0)


def counted(rows):
    """The copy that counts of each listen."""
    best = {}
    for row in rows:
        seen = best.get(row["listen_id"])
        if seen is None or smallest_first(row) < smallest_first(seen):
            best[row["listen_id"]] = row
    return list(best.values())


def period(row):
    return row["event_time"].strftime("%Y-%m")


def covers(request, row):
    """Whether a deletion request erases a row, whenever it came."""
    if request["user_id"] != row["user_id"] or (request["from"] and row["event_time"] < request["from"]):
        return False
    if request["to"] and request["to"] <= request["received_time"]:
        return row["event_time"] < request["to"]
    return row["event_time"] < request["received_time"] or row["received_time"] <= request["received_time"]


def lines(rows):
    """(period, artist, track, country, tier) to (listens, qualified listens)."""
    found = defaultdict(lambda: [0, 0])
    for row in counted(rows):
        line = found[(period(row), row["artist_id"], row["track_id"], row["country"], row["tier"])]
        line[0] += 1
        line[1] += row["ms_played"] >= THRESHOLD_MS
    return {key: tuple(line) for key, line in found.items()}


def checksum(period_lines):
    digest = hashlib.sha256()
    for key in sorted(period_lines, key=lambda key: [part.encode() for part in key]):
        digest.update(b"\x1f".join([part.encode() for part in key] + [str(n).encode() for n in period_lines[key]]) + b"\n")
    return digest.hexdigest()


def payouts(all_lines, pools):
    """(period, country, tier, currency, artist, track) to (qualified, minor units); pools are (period, country, tier, currency, amount)."""
    paid = {}
    for pool_period, country, tier, currency, amount in pools:
        weights = defaultdict(int)
        for (line_period, artist, track, line_country, line_tier), (_, qualified) in all_lines.items():
            if line_period == pool_period and country in ("*", line_country) and tier in ("*", line_tier) and qualified:
                weights[(artist, track)] += qualified
        for (artist, track), part in largest_remainder(amount, weights).items():
            paid[(pool_period, country, tier, currency, artist, track)] = (weights[(artist, track)], part)
    return paid


def largest_remainder(amount, weights):
    total = sum(weights.values())
    if not total:
        return {}
    parts = {key: amount * weight // total for key, weight in weights.items()}
    left = amount - sum(parts.values())
    first = sorted(weights, key=lambda key: (-(amount * weights[key] % total), [part.encode() for part in key]))
    for key in first[:left]:
        parts[key] += 1
    return parts
