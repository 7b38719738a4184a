"""Foreign readers against ours: every table of a lake must read the same through PyIceberg, through DuckDB's iceberg
extension and through `lakectl sql`, row deletes included.

    compare.py [--expect-deletes] LAKE LAKECTL

LAKE is the directory that holds catalog.db and warehouse/, named as lakectl's default, `lakehouse`. Runs in the Python of
engines/readers.sh, with the variables it prints. One line per table that reads the same on stdout, one per difference on
stderr; exit 1 on any difference, and where there was nothing to compare.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.types import (
    BinaryType, BooleanType, DateType, DecimalType, IntegerType, LongType, StringType, TimestampType, TimestamptzType,
)

NAMESPACE = "music"
NEVER_EMPTY = ["listens"]
DISTINCT = ["listen_id"]

# What is compared of a column, by its Iceberg type; of every other type only how many values are not null. Each is cast to
# text: a sum of 64-bit integers (snapshot ids) outgrows 64 bits, and JSON numbers and time zones stay out of it.
INSTANT = ["epoch_us(min({}))", "epoch_us(max({}))"]
MEASURES = {
    IntegerType: ["sum({})"],
    LongType: ["sum({})"],
    DecimalType: ["sum({})"],
    BooleanType: ["count(*) filter (where {})"],
    StringType: ["sum(strlen({}))"],
    BinaryType: ["sum(octet_length({}))"],
    DateType: ["min({})", "max({})"],
    TimestampType: INSTANT,
    TimestamptzType: INSTANT,
}


def measures(schema):
    """The expressions to compare, the row count first."""
    expressions = ["count(*)"]
    for field in schema.fields:
        column = f'"{field.name}"'
        templates = ["count({})"] + MEASURES.get(type(field.field_type), [])
        if field.name in DISTINCT:
            templates.append("count(distinct {})")
        expressions += [template.format(column) for template in templates]
    return expressions


def query(expressions, source):
    columns = ", ".join(f"cast({e} as varchar) as c{i}" for i, e in enumerate(expressions))
    return f"select {columns} from {source}"


def with_pyiceberg(table, expressions, connection):
    """PyIceberg reads the rows and applies the deletes; DuckDB only adds them up, so that one text serves all three."""
    connection.register("scanned", table.scan().to_arrow_batch_reader())
    try:
        return connection.execute(query(expressions, "scanned")).fetchone()
    finally:
        connection.unregister("scanned")


def with_duckdb(table, expressions, connection):
    return connection.execute(query(expressions, f"iceberg_scan('{table.metadata_location}')")).fetchone()


def with_lakectl(table, expressions, lakectl):
    text = query(expressions, table.name()[-1])
    command = [lakectl, "--json", "sql", text]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.strip()}")
    answer = json.loads(done.stdout)
    if len(answer["rows"]) != 1:
        raise RuntimeError(f"{len(answer['rows'])} rows where one was asked for")
    return tuple(answer["rows"][0][name] for name in answer["columns"])


def deleted_rows(table, counted):
    """How many rows of the live data files the row deletes remove."""
    return sum(task.file.record_count for task in table.scan().plan_files()) - counted


def attempt(reader, *args):
    """What the reader finds; its own words, as one line, where it cannot read the table at all."""
    try:
        return reader(*args), None
    except Exception as problem:
        return None, " ".join(f"{type(problem).__name__}: {problem}".split())


def differences(name, expressions, found):
    """One line for each reader that cannot read and each value that is not what lakectl says."""
    lines = [f"{name}: {reader} cannot read it: {problem}" for reader, (_, problem) in found.items() if problem]
    ours, _ = found["lakectl"]
    for reader, (values, _) in found.items():
        if ours is None or values is None:
            continue
        if len(values) != len(ours):
            lines.append(f"{name}: {reader} answers {len(values)} values, lakectl {len(ours)}")
            continue
        for expression, theirs, mine in zip(expressions, values, ours):
            if theirs != mine:
                lines.append(f"{name}: {expression} is {theirs} in {reader}, {mine} in lakectl")
    return lines


def open_duckdb():
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    for variable in ("DUCKDB_AVRO_EXTENSION", "DUCKDB_ICEBERG_EXTENSION"):  # iceberg needs avro loaded first
        connection.load_extension(os.environ[variable])
    return connection


def compare(lake, lakectl):
    """Prints what agrees; returns the problems, the row counts by table, and the deleted rows in all of them."""
    catalog = SqlCatalog(
        "lake", uri=f"sqlite:///{lake}/catalog.db", warehouse=f"file://{lake}/warehouse", init_catalog_tables="false"
    )
    connection = open_duckdb()
    problems, counts, deleted_in_all = [], {}, 0
    for identifier in sorted(catalog.list_tables(NAMESPACE)):
        name = identifier[-1]
        table = catalog.load_table(identifier)
        expressions = measures(table.schema())
        found = {
            "lakectl": attempt(with_lakectl, table, expressions, lakectl),
            "PyIceberg": attempt(with_pyiceberg, table, expressions, connection),
            "DuckDB": attempt(with_duckdb, table, expressions, connection),
        }
        lines = differences(name, expressions, found)
        problems += lines
        if lines:
            continue
        counts[name] = int(found["lakectl"][0][0])
        deleted = deleted_rows(table, counts[name])
        deleted_in_all += deleted
        note = f"{counts[name]} rows, {deleted} deleted" if table.current_snapshot() else "no snapshot yet"
        print(f"same in three readers: {name}: {note}, {len(expressions)} values", flush=True)
    return problems, counts, deleted_in_all


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--expect-deletes", action="store_true", help="fail when no table has rows removed by row deletes")
    parser.add_argument("lake", type=lambda path: Path(path).resolve(strict=True))
    parser.add_argument("lakectl", type=lambda path: str(Path(path).resolve(strict=True)))
    arguments = parser.parse_args()
    if arguments.lake.name != "lakehouse":
        parser.error(f"{arguments.lake}: lakectl finds a lake without a config file only in ./lakehouse")
    os.chdir(arguments.lake.parent)

    problems, counts, deleted = compare(arguments.lake, arguments.lakectl)
    if not problems:
        if not counts:
            problems.append(f"no table in namespace {NAMESPACE}: nothing was compared")
        problems += [f"{name}: no rows: nothing was compared" for name in NEVER_EMPTY if not counts.get(name)]
        if arguments.expect_deletes and deleted == 0:
            problems.append("no table has row deletes: reading them was not compared")
    for line in problems:
        print(line, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
