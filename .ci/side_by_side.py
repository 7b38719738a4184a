"""The measuring half of side_by_side, which says what is compared. Runs in the Python of engines/readers.sh.

    side_by_side.py table                                make peer.listens by the definition of music.listens
    side_by_side.py connect RECORDS PID COMMAND...       start the sink with COMMAND, watch the worker PID; a line of JSON
    side_by_side.py lakectl RECORDS COMMAND...           run the ingester; a line of JSON
    side_by_side.py compare ONE.json OTHER.json          both as a table, ratio ONE to OTHER; exit 1 unless they hold the same rows

A side is done when its table holds RECORDS rows; one that stands still for two minutes is an error.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import duckdb
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.types import NestedField

PEER, OURS = "peer.listens", "music.listens"
PATIENCE = 120  # seconds without a new row
FACTS = ["count(*)", "count(distinct listen_id)", "sum(ms_played)", "sum(epoch_us(event_time))", "sum(epoch_us(received_time))"]


def catalog():
    uri = os.environ["POSTGRES_DSN"].replace("postgres://", "postgresql+psycopg2://")
    return SqlCatalog("lake", uri=uri, warehouse=os.environ["LAKE_WAREHOUSE"], init_catalog_tables="false")


def make_table():
    """The same columns, partitions and properties. The sink knows no source position and keeps no unknown fields, so nothing is
    required; how often a commit is tried again stays the writer's own choice."""
    lake = catalog()
    ours = lake.load_table(OURS)
    optional = Schema(*(NestedField(f.field_id, f.name, f.field_type, required=False) for f in ours.schema().fields))
    properties = {name: value for name, value in ours.properties.items() if name.startswith(("write.", "commit.manifest", "format"))}
    lake.create_namespace("peer")
    lake.create_table(PEER, optional, partition_spec=ours.spec(), properties=properties)


def cpu_seconds(pid):
    """Time on a processor, of the process and its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_rss_mib(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def rows(table):
    snapshot = table.current_snapshot()
    return int(snapshot.summary["total-records"]) if snapshot else 0


def await_rows(table, want):
    """When the snapshot with the last row was committed."""
    have, since = 0, time.time()
    while rows(table) < want:
        if rows(table) != have:
            have, since = rows(table), time.time()
        if time.time() - since > PATIENCE:
            sys.exit(f"{have} of {want} records after {PATIENCE} s without another")
        time.sleep(0.5)
        table.refresh()
    return table.current_snapshot().timestamp_ms / 1000


def connect(want, pid, command):
    """From the moment that all tasks run: the start of the worker and of the connector is not counted."""
    load = os.getloadavg()[0]
    table = catalog().load_table(PEER)
    subprocess.run(command, check=True)
    began, cpu = time.time(), cpu_seconds(pid)
    seconds = await_rows(table, want) - began
    return report("Kafka Connect", table, seconds, cpu_seconds(pid) - cpu, peak_rss_mib(pid), load)


def lakectl(want, command):
    """The whole process, its start included."""
    load = os.getloadavg()[0]
    began = time.time()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.time() - began
    if status:
        sys.exit(f"lakectl ended with {os.waitstatus_to_exitcode(status)}")
    table = catalog().load_table(OURS)
    if rows(table) != want:
        sys.exit(f"lakectl archived {rows(table)} of {want} records")
    return report("lakectl", table, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024, load)


def report(side, table, seconds, cpu, rss, load):
    files = [task.file for task in table.scan().plan_files()]
    connection = duckdb.connect()
    connection.register("scanned", table.scan().to_arrow_batch_reader())
    facts = connection.execute("select " + ", ".join(f"cast({fact} as varchar)" for fact in FACTS) + " from scanned").fetchone()
    return {
        "side": side, "records": rows(table), "seconds": round(seconds, 1), "records_per_second": round(rows(table) / seconds),
        "cpu_seconds": round(cpu, 1), "cpu_us_per_record": round(cpu * 1e6 / rows(table), 2), "peak_rss_mib": rss,
        "commits": len(table.snapshots()), "files": len(files), "mib": sum(f.file_size_in_bytes for f in files) >> 20,
        "load_before": round(load, 2), "facts": dict(zip(FACTS, facts)),
    }


def compare(one, other):
    if one["facts"] != other["facts"]:
        sys.exit(f"the tables differ: {one['facts']} and {other['facts']}")
    print(f"{'':20}{one['side']:>15}{other['side']:>15}{'ratio':>8}")
    for name in ["records", "seconds", "records_per_second", "cpu_seconds", "cpu_us_per_record", "peak_rss_mib", "commits", "files", "mib"]:
        print(f"{name:20}{one[name]:>15}{other[name]:>15}{one[name] / other[name]:>8.2f}")
    print(f"same rows: {', '.join(FACTS)}")


def main():
    match sys.argv[1:]:
        case ["table"]:
            make_table()
        case ["connect", want, pid, *command]:
            print(json.dumps(connect(int(want), pid, command)))
        case ["lakectl", want, *command]:
            print(json.dumps(lakectl(int(want), command)))
        case ["compare", one, other]:
            compare(json.loads(Path(one).read_text()), json.loads(Path(other).read_text()))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
