"""A random history of a lake on which another engine acts between the jobs, held against a recount after every step.

    history.py SEED STEPS DIR LAKECTL

lakectl ingests, erases, counts and closes; PyIceberg deletes, updates and appends rows, rolls tables back, moves and adds columns,
expires snapshots and writes into derived tables. recount.py says what must be in the tables. Nothing may be silently wrong: whatever a
foreign hand did, the next jobs take it in or put it right, and before they have, the proofs say so. Prints the steps on stderr and one
line at the end; exit 1 at the first difference, with the step. The same seed makes the same history.
"""

import datetime
import json
import random
import subprocess
import sys
from pathlib import Path

import pyarrow

import recount

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "catalog" / "laketest"))
from foreign import Lake as Hands  # noqa: E402

UTC = datetime.timezone.utc
TRACKS = [("A1", "t1"), ("A1", "t2"), ("A2", "t3"), ("A3", "t4")]
USERS = [f"u{i}" for i in range(9)]
PERIODS = ["2026-02", "2026-03", "2026-04"]
DERIVED = ["royalty_lines", "royalty_payouts", "listens_counted", "listens_duplicates", "plays_by_hour"]
# A changed copy must be another listen's content, not another listen: these columns another engine updates.
UPDATED = {"ms_played": [0, 31_000, 90_000], "country": ["DE", "SE"], "tier": ["free", "premium"]}


class Problem(Exception):
    pass


class History:
    def __init__(self, seed, directory, binary):
        self.random = random.Random(seed)
        self.directory, self.binary = Path(directory), binary
        self.directory.mkdir(parents=True)
        self.archive = []  # rows that listens must hold
        self.requests = []
        self.pools = {}
        self.files = []  # every file ever made, as its events
        self.ingested = set()  # numbers of files whose rows main has
        self.at = {}  # listens snapshot: (archive, ingested) then
        self.ids = 0
        self.dirty = False  # a derived table was touched since the last royalties
        self.closed = set()
        self.lakectl("init")
        self.hands = Hands(self.directory / "lakehouse")

    def lakectl(self, *args, want=(0,)):
        done = subprocess.run([self.binary, "--json", *args], cwd=self.directory, capture_output=True, text=True)
        say(f"  lakectl {' '.join(args)}: {done.returncode}")
        if done.returncode not in want:
            raise Problem(f"lakectl {args} ended with {done.returncode}, want {want}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return done

    def rows(self, table):
        loaded = self.hands.load(table)
        return loaded.scan().to_arrow().to_pylist() if loaded.current_snapshot() else []

    def remember(self):
        snapshot = self.hands.load("listens").current_snapshot()
        self.at[snapshot.snapshot_id if snapshot else None] = (list(self.archive), set(self.ingested))

    # What lakectl is given.

    def moment(self):
        day = self.random.choice(["2026-02-28", "2026-03-01", "2026-03-15", "2026-03-31", "2026-04-01", "2026-04-10"])
        begin = datetime.datetime.fromisoformat(day).replace(tzinfo=UTC)
        return begin + datetime.timedelta(seconds=self.random.choice([0, 1, 40_000, 86_399]))

    def listen(self):
        self.ids += 1
        at, (artist, track) = self.moment(), self.random.choice(TRACKS)
        received = at + datetime.timedelta(minutes=self.random.choice([0, 5, 3000]))
        return {
            "type": "listen", "listen_id": f"l{self.ids}", "user_id": self.random.choice(USERS), "track_id": track, "artist_id": artist,
            "device": self.random.choice(["phone", "web"]), "event_time": stamp(at), "received_time": stamp(received),
            "ms_played": self.random.choice([0, 29_999, 30_000, 60_000]), "country": self.random.choice(["DE", "SE"]),
            "tier": self.random.choice(["free", "premium"]),
        }

    def again(self):
        sent = [e for events in self.files for e in events if e["type"] == "listen"]
        if not sent:
            return self.listen()
        event = dict(self.random.choice(sent))
        if self.random.random() < 0.5:
            event["ms_played"] = self.random.choice([0, 30_000, 60_000])
        return event

    def ingest(self):
        count = self.random.choice([1, 5, 40])
        self.send([self.again() if self.random.random() < 0.3 else self.listen() for _ in range(count)])

    def request(self):
        received = datetime.datetime(2026, 5, self.random.randint(1, 28), tzinfo=UTC)
        event = {"type": "deletion", "request_id": f"r{len(self.requests)}", "user_id": self.random.choice(USERS),
                 "requested_at": stamp(received), "received_time": stamp(received)}
        if self.random.random() < 0.4:
            event["from"] = stamp(self.moment())
        self.send([event])

    def send(self, events):
        if events in self.files:  # the same bytes are the same file, which comes in once
            return
        self.files.append(events)
        number = len(self.files)
        (self.directory / f"in{number}.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events))
        self.lakectl("ingest", "file", f"in{number}.jsonl")
        self.took(number)

    def took(self, number):
        self.ingested.add(number)
        for event in self.files[number - 1]:
            if event["type"] == "deletion":
                asked = {"user_id": event["user_id"], "received_time": parse(event["received_time"]), "from": None, "to": None}
                if "from" in event:
                    asked["from"] = parse(event["from"])
                if asked not in self.requests:
                    self.requests.append(asked)
                continue
            row = {c: event[c] for c in ("listen_id", "user_id", "track_id", "artist_id", "device", "ms_played", "country", "tier")}
            row |= {"event_time": parse(event["event_time"]), "received_time": parse(event["received_time"]), "track_ms": None}
            if not any(recount.covers(r, row) for r in self.requests):
                self.archive.append(row)

    def everything_again(self):
        """Whatever was rolled back comes in again, and nothing else."""
        for number in range(1, len(self.files) + 1):
            self.lakectl("ingest", "file", f"in{number}.jsonl")
            if number not in self.ingested:
                self.took(number)

    def apply_pools(self):
        period = self.random.choice(PERIODS)
        pool = (period, "*", self.random.choice(["*", "free"]), "EUR", self.random.choice([7, 1000, 123_456]))
        (self.directory / "pools.csv").write_text("period,country,tier,currency,amount_minor\n" + ",".join(map(str, pool)) + "\n")
        self.lakectl("pools", "apply", "pools.csv")
        self.pools[period] = pool

    def take_pools_back(self):
        if self.pools:
            period = self.random.choice(sorted(self.pools))
            self.lakectl("pools", "remove", period)
            del self.pools[period]

    # What the other engine does.

    def foreign_append(self):
        day = self.random.choice(["2026-03-01", "2026-03-15", "2026-04-10"])
        self.ids += 1
        prefix, count = f"f{self.ids}-", self.random.choice([1, 4])
        self.hands.append(day, count, prefix)
        begin = datetime.datetime.fromisoformat(day).replace(tzinfo=UTC, hour=9)
        for i in range(count):
            at = begin + datetime.timedelta(minutes=i)
            self.archive.append({
                "listen_id": f"{prefix}{i}", "user_id": "u1", "track_id": "t1", "artist_id": "A1", "device": "web", "event_time": at,
                "ms_played": 90_000, "track_ms": None, "country": "DE", "tier": "free", "received_time": at + datetime.timedelta(seconds=5),
            })

    def foreign_delete(self):
        if not self.archive:
            return
        victim = self.random.choice(self.archive)
        column = self.random.choice(["listen_id", "user_id", "track_id"])
        self.hands.delete("listens", f"{column} == '{victim[column]}'")
        self.archive = [row for row in self.archive if row[column] != victim[column]]

    def foreign_update(self):
        if not self.archive:
            return
        listen_id = self.random.choice(self.archive)["listen_id"]
        column = self.random.choice(list(UPDATED))
        value = self.random.choice(UPDATED[column])
        table = self.hands.load("listens")
        condition = f"listen_id == '{listen_id}'"
        rows = table.scan(row_filter=condition).to_arrow().to_pylist()
        for row in rows:
            row[column] = value
        table.overwrite(pyarrow.Table.from_pylist(rows, schema=table.schema().as_arrow()), overwrite_filter=condition)
        for i, row in enumerate(self.archive):
            if row["listen_id"] == listen_id:
                self.archive[i] = row | {column: value}

    def foreign_rollback(self):
        table = self.hands.load("listens")
        steps = self.random.choice([1, 2, 3])
        snapshot = table.current_snapshot()
        for _ in range(steps):
            if snapshot is None or snapshot.parent_snapshot_id is None:
                return
            snapshot = table.snapshot_by_id(snapshot.parent_snapshot_id)
        if snapshot is None or snapshot.snapshot_id not in self.at:
            return
        self.hands.rollback("listens", steps)
        archive, ingested = self.at[snapshot.snapshot_id]
        self.archive, self.ingested = list(archive), set(ingested)
        self.remember()
        self.everything_again()

    def foreign_columns(self):
        if self.random.random() < 0.5:
            self.ids += 1
            table = self.random.choice(["listens", "royalty_lines", "deletion_requests", "sources"])
            self.hands.schema(table, self.random.choice(["double", "list", "string", "decimal"]), f"extra_{self.ids}")
        else:
            table, column, other = self.random.choice([
                ("listens", "user_id", "listen_id"), ("deletion_requests", "user_id", "subject"), ("deletion_log", "at", "request_id"),
                ("royalty_runs", "checksum", "run_id"), ("royalty_pools", "period", "version")])
            self.hands.move(table, column, "before", other)

    def foreign_derived(self):
        table = self.hands.load(self.random.choice(DERIVED))
        rows = table.scan().to_arrow()
        if not rows.num_rows:
            return
        say(f"  on {table.name()}")
        act = self.random.choice(["delete", "append", "rollback"])
        snapshot = table.current_snapshot()
        if act == "rollback" and snapshot.parent_snapshot_id and table.snapshot_by_id(snapshot.parent_snapshot_id):
            self.hands.rollback(table.name()[-1], 1)
        elif act == "append":
            table.append(rows.slice(0, 1))
        else:
            column = "listen_id" if "listen_id" in rows.column_names else "track_id"
            table.delete(f"{column} == '{rows[column][0].as_py()}'")
        self.dirty = True

    def foreign_expire(self):
        self.hands.expire(self.random.choice(["listens", "royalty_lines", "listens_counted", "deletion_requests", "sources"]))

    # What must come of it.

    def royalties(self):
        if self.random.random() < 0.5:
            self.lakectl("job", "deletions")
            self.archive = [row for row in self.archive if not any(recount.covers(r, row) for r in self.requests)]
        self.lakectl("job", "rollup")
        self.lakectl("job", "royalties")
        self.lakectl("job", "rollup", "--true-up")
        self.dirty = False
        self.check_derived()
        self.lakectl("job", "royalties", "--full")
        for run in self.newest_runs().values():
            self.lakectl("royalties", "reproduce", run["run_id"])

    def close(self):
        if self.dirty:
            return
        candidates = sorted(set(self.newest_runs()) - self.closed)
        if candidates:
            self.lakectl("period", "close", "--force", candidates[0])
            self.closed.add(candidates[0])

    def newest_runs(self):
        newest = {}
        for run in sorted(self.rows("royalty_runs"), key=lambda run: run["finished_at"]):
            newest[run["period"]] = run
        return newest

    def check_archive(self):
        columns = ("listen_id", "user_id", "track_id", "artist_id", "device", "event_time", "received_time", "ms_played", "country", "tier")
        same("listens", key_counts(self.rows("listens"), columns), key_counts(self.archive, columns))

    def check_derived(self):
        want = recount.lines(self.archive)
        got = {}
        for row in self.rows("royalty_lines"):
            got[tuple(row[c] for c in ("period", "artist_id", "track_id", "country", "tier"))] = (row["listens"], row["qualified_listens"])
        same("royalty_lines", got, want)
        runs = self.newest_runs()
        for period in {key[0] for key in want}:
            if runs[period]["checksum"] != recount.checksum({k: v for k, v in want.items() if k[0] == period}):
                raise Problem(f"checksum of {period}")
        paid = {}
        for row in self.rows("royalty_payouts"):
            key = tuple(row[c] for c in ("period", "country", "tier", "currency", "artist_id", "track_id"))
            paid[key] = (row["qualified_listens"], row["amount_minor"])
        same("royalty_payouts", paid, recount.payouts(want, self.pools.values()))
        ledger = [row["listen_id"] for row in self.rows("listens_counted")]
        same("listens_counted", sorted(ledger), sorted(row["listen_id"] for row in recount.counted(self.archive)))
        same("plays_by_day", sum(row["plays"] for row in self.rows("plays_by_day")), len(ledger))

    def step(self):
        acts = [self.ingest] * 5 + [self.request] * 2 + [self.apply_pools] * 2 + [self.take_pools_back] + [self.royalties] * 5 + [self.close] + [
            self.foreign_append, self.foreign_delete, self.foreign_delete, self.foreign_update, self.foreign_update,
            self.foreign_rollback, self.foreign_columns, self.foreign_derived, self.foreign_derived, self.foreign_expire]
        act = self.random.choice(acts) if self.archive else self.ingest
        say(act.__name__)
        act()
        self.check_archive()
        self.remember()

    def run(self, steps):
        for step in range(steps):
            say(f"step {step + 1}:")
            self.step()
        say("the end:")
        self.royalties()
        self.check_archive()


def key_counts(rows, columns):
    counts = {}
    for row in rows:
        key = tuple(row[c] for c in columns)
        counts[key] = counts.get(key, 0) + 1
    return counts


def same(what, got, want):
    if got == want:
        return
    if isinstance(got, dict):
        got, want = sorted(got.items()), sorted(want.items())
        got, want = [x for x in got if x not in want], [x for x in want if x not in got]
    raise Problem(f"{what}: got {str(got)[:1500]}\nwant {str(want)[:1500]}")


def stamp(at):
    return at.isoformat().replace("+00:00", "Z")


def parse(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def say(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    seed, steps, directory, binary = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    history = History(seed, directory, binary)
    try:
        history.run(steps)
    except Problem as problem:
        sys.exit(f"seed {seed}: {problem}")
    print(f"seed {seed}: {steps} steps, {len(history.archive)} listens, {len(history.closed)} months closed, nothing differs")
