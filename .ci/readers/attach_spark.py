"""What Spark reads of a lake that it attached by URL, as one line of JSON on stdout.

    SPARK_CATALOG=examples/engines/spark.properties spark.sh run attach_spark.py TAG

Each table of namespace music with its rows, the rows of royalty_lines under the tag, and what a write to sources was refused with.
"""

import json
import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()


def count(source):
    return spark.sql(f"SELECT count(*) AS n FROM {source}").collect()[0]["n"]


tables = {r["tableName"]: count(f"lake.music.{r['tableName']}") for r in spark.sql("SHOW TABLES IN lake.music").collect()}
tagged = count(f"lake.music.royalty_lines VERSION AS OF '{sys.argv[1]}'")
try:
    spark.sql("INSERT INTO lake.music.royalty_runs SELECT * FROM lake.music.royalty_runs").collect()
    refusal = ""
except Exception as e:  # Py4J's wrapper of whatever Java threw
    refusal = str(e)[:300]
print(json.dumps({"tables": tables, "tagged": tagged, "refusal": refusal}))
