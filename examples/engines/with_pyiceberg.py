# PyIceberg: pip install "pyiceberg[pyarrow]". Asked from another machine, add token="lkt_..." (lakectl token create --analyst).
from pyiceberg.catalog import load_catalog

lake = load_catalog("lake", type="rest", uri="http://127.0.0.1:8181")
for identifier in sorted(lake.list_tables("music")):
    print(*identifier, lake.load_table(identifier).scan().count())

lines = lake.load_table("music.royalty_lines")
for tag, ref in lines.refs().items():  # main, and royalty-2026-03-v1 once that month is closed
    print("royalty_lines", tag, lines.scan(snapshot_id=ref.snapshot_id).count())
