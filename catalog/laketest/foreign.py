"""One act of another engine on a lake, by PyIceberg. Told on stdin-less argv, so that a test reads as a sentence:

    foreign.py LAKEHOUSE append DAY N PREFIX [TOPIC]     rows of user u1 into listens
    foreign.py LAKEHOUSE delete TABLE FILTER             copy-on-write
    foreign.py LAKEHOUSE rollback TABLE STEPS            main goes back that many snapshots
    foreign.py LAKEHOUSE move TABLE COLUMN before|after OTHER
    foreign.py LAKEHOUSE schema TABLE double|timestamp|decimal|list|struct|string|rename|drop|promote|optional COLUMN
    foreign.py LAKEHOUSE spec TABLE hour|month|bucket|identity|none
    foreign.py LAKEHOUSE property TABLE KEY VALUE
    foreign.py LAKEHOUSE table NAME N                    a table of its own in the namespace, N snapshots and a branch
    foreign.py LAKEHOUSE expire TABLE                    all snapshots but those that refs name
    foreign.py LAKEHOUSE count TABLE FILTER...           rows a filter finds, one number a line
    foreign.py LAKEHOUSE layout TABLE                    one JSON line a file: what its manifest says and what its Parquet footer says
    foreign.py LAKEHOUSE ahead SECONDS DAY N PREFIX      append by a writer whose clock is ahead

LAKEHOUSE is the folder that holds catalog.db and warehouse/, or the address of a catalog on PostgreSQL, a blank, and the folder. Needs PyIceberg with pyarrow and pyiceberg-core.
"""

import datetime
import json
import sys
import time

import pyarrow
import pyarrow.parquet
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.transforms import BucketTransform, HourTransform, IdentityTransform, MonthTransform
from pyiceberg.types import DecimalType, DoubleType, ListType, LongType, NestedField, StringType, StructType, TimestampType

NAMESPACE = "music"
ADDED = {
    "double": DoubleType(), "timestamp": TimestampType(), "decimal": DecimalType(10, 2), "string": StringType(),
    "list": ListType(99, StringType(), False), "struct": StructType(NestedField(98, "inner", StringType(), required=False)),
}


class Lake:
    def __init__(self, lakehouse):
        uri, folder = f"sqlite:///{lakehouse}/catalog.db", lakehouse
        if str(lakehouse).startswith("postgres://"):
            address, _, folder = lakehouse.partition(" ")
            uri = address.replace("postgres://", "postgresql+psycopg2://", 1)
        self.catalog = SqlCatalog("lake", uri=uri, warehouse=f"file://{folder}/warehouse")

    def load(self, table):
        return self.catalog.load_table((NAMESPACE, table))

    def append(self, day, n, prefix, topic="backfill"):
        table = self.load("listens")
        begin = datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.timezone.utc, hour=9)
        rows = []
        for i in range(int(n)):
            at = begin + datetime.timedelta(minutes=i)
            rows.append({
                "listen_id": f"{prefix}{i}", "user_id": "u1", "track_id": "t1", "artist_id": "A1", "device": "web", "event_time": at,
                "ms_played": 90000, "track_ms": None, "country": "DE", "tier": "free", "client": None, "offline": None,
                "received_time": at + datetime.timedelta(seconds=5), "extra": None, "source_topic": topic, "source_partition": 0,
                "source_offset": i,
            })
        table.append(pyarrow.Table.from_pylist(rows, schema=table.schema().as_arrow()))

    def delete(self, table, condition):
        self.load(table).delete(condition)

    def rollback(self, name, steps):
        table = self.load(name)
        snapshot = table.current_snapshot()
        for _ in range(int(steps)):
            snapshot = table.snapshot_by_id(snapshot.parent_snapshot_id)
        table.manage_snapshots().rollback_to_snapshot(snapshot.snapshot_id).commit()

    def move(self, table, column, how, other):
        with self.load(table).update_schema() as update:
            (update.move_before if how == "before" else update.move_after)(column, other)

    def schema(self, table, what, column):
        with self.load(table).update_schema(allow_incompatible_changes=True) as update:
            if what in ADDED:
                update.add_column(column, ADDED[what])
            elif what == "rename":
                update.rename_column(column, column + "_renamed")
            elif what == "drop":
                update.delete_column(column)
            elif what == "promote":
                update.update_column(column, LongType())
            elif what == "optional":
                update.make_column_optional(column)
            else:
                sys.exit(f"unknown change {what}")

    def spec(self, name, what):
        table = self.load(name)
        fields = list(table.spec().fields)
        source = table.schema().find_column_name(fields[0].source_id) if fields else None
        with table.update_spec() as update:
            if what in ("hour", "month", "none"):
                update.remove_field(fields[0].name)
            if what == "hour":
                update.add_field(source, HourTransform(), source + "_hour")
            elif what == "month":
                update.add_field(source, MonthTransform(), source + "_month")
            elif what == "bucket":
                update.add_field("user_id", BucketTransform(16), "user_bucket")
            elif what == "identity":
                update.add_field("country", IdentityTransform(), "country")

    def property(self, name, key, value):
        with self.load(name).transaction() as transaction:
            transaction.set_properties(**{key: value})

    def table(self, name, n):
        schema = pyarrow.schema([("k", pyarrow.string()), ("score", pyarrow.float64())])
        table = self.catalog.create_table((NAMESPACE, name), schema=schema)
        for i in range(int(n)):
            table.append(pyarrow.table({"k": ["a"], "score": [float(i)]}, schema=schema))
        if table.snapshots():
            table.manage_snapshots().create_branch(table.snapshots()[0].snapshot_id, "experiment").commit()

    def expire(self, name):
        table = self.load(name)
        table.maintenance.expire_snapshots().older_than(datetime.datetime.now() + datetime.timedelta(days=1)).commit()

    def count(self, name, *conditions):
        table = self.load(name)
        for condition in conditions:
            print(table.scan(row_filter=condition).to_arrow().num_rows)

    def layout(self, name):
        table = self.load(name)
        for entry in table.inspect.files().to_pylist():
            footer = pyarrow.parquet.ParquetFile(table.io.new_input(entry["file_path"]).open()).metadata
            groups = [[footer.row_group(g).column(c) for c in range(footer.num_columns)] for g in range(footer.num_row_groups)]
            starts = [min(min(c.data_page_offset, c.dictionary_page_offset or c.data_page_offset) for c in group) for group in groups]
            told = [c for c in range(footer.num_columns) if table.properties.get(f"write.metadata.metrics.column.{footer.schema.column(c).name}") != "none"]
            sizes = [sum(group[c].total_compressed_size for group in groups) for c in told]
            print(json.dumps({
                "content": entry["content"], "splits": entry["split_offsets"], "starts": starts, "order": entry["sort_order_id"],
                "sizes": sorted(size for _, size in entry["column_sizes"]), "footer_sizes": sorted(sizes),
            }))

    def ahead(self, seconds, *args):
        now, now_ns = time.time, time.time_ns
        time.time = lambda: now() + float(seconds)
        time.time_ns = lambda: now_ns() + int(float(seconds) * 1e9)
        self.append(*args)


if __name__ == "__main__":
    lakehouse, act, *args = sys.argv[1:]
    getattr(Lake(lakehouse), act)(*args)
