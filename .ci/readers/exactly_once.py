"""PyIceberg against what was produced: every record of a topic must be in the archive exactly once.

    exactly_once.py CATALOG_URI WAREHOUSE TOPIC PRODUCED

PRODUCED has a line for each record that must be there: partition, offset and listen_id, tab separated; no listen_id for a record
that must be in quarantine. Other records must not be there. CATALOG_URI may be that of a REST catalog; then S3_ENDPOINT and AWS_*
say how to reach its files. Runs in the Python of engines/readers.sh. Counts on stdout, differences on stderr; exit 1 on any.
"""

import os
import sys

import duckdb
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.catalog.sql import SqlCatalog

SQL = """
WITH produced AS (
    SELECT partition, "offset", coalesce(listen_id, '') AS want
    FROM read_csv(?, delim = '\t', header = false, quote = '', columns = {'partition': 'INTEGER', 'offset': 'BIGINT', 'listen_id': 'VARCHAR'})
), archived AS (
    SELECT source_partition AS partition, source_offset AS "offset", string_agg(what, ' and ' ORDER BY what) AS got, count(*) AS copies
    FROM (
        SELECT source_topic, source_partition, source_offset, listen_id AS what FROM listens
        UNION ALL SELECT source_topic, source_partition, source_offset, '' FROM quarantine
    )
    WHERE source_topic = ?
    GROUP BY ALL
)
SELECT count(*) FILTER (produced.partition IS NOT NULL) AS produced,
    count(*) FILTER (archived.partition IS NULL) AS lost,
    count(*) FILTER (copies > 1) AS twice,
    count(*) FILTER (produced.partition IS NULL) AS never_produced,
    count(*) FILTER (copies = 1 AND got <> want) AS changed,
    any_value(partition || '/' || "offset") FILTER (got IS DISTINCT FROM want) AS example
FROM produced FULL JOIN archived USING (partition, "offset")
"""


def open_catalog(uri, warehouse):
    if uri.startswith("http"):
        store = {"s3.endpoint": os.environ["S3_ENDPOINT"], "s3.access-key-id": os.environ["AWS_ACCESS_KEY_ID"], "s3.secret-access-key": os.environ["AWS_SECRET_ACCESS_KEY"]}
        return RestCatalog("lake", uri=uri, warehouse=warehouse, **store, **{"s3.region": os.environ["AWS_REGION"]})
    return SqlCatalog("lake", uri=uri.replace("postgres://", "postgresql+psycopg2://", 1).replace("postgresql://", "postgresql+psycopg2://", 1), warehouse=warehouse)


def main(uri, warehouse, topic, produced):
    catalog = open_catalog(uri, warehouse)
    db = duckdb.connect()
    position = ("source_topic", "source_partition", "source_offset")
    db.register("listens", catalog.load_table("music.listens").scan(selected_fields=(*position, "listen_id")).to_arrow())
    db.register("quarantine", catalog.load_table("music.quarantine").scan(selected_fields=position).to_arrow())
    cursor = db.execute(SQL, [produced, topic])
    found = dict(zip([column[0] for column in cursor.description], cursor.fetchone()))
    print(found)
    wrong = {name: n for name, n in found.items() if name not in ("produced", "example") and n}
    if wrong or not found["produced"]:
        sys.exit(f"not exactly once: {wrong}, for example partition/offset {found['example']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
