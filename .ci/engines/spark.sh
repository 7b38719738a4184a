#!/usr/bin/env bash
# PySpark with Iceberg, an engine of another make over the same tables.  spark.sh up|install|down|wipe|env|run SCRIPT.py [ARGS]
#   run: in the script, SparkSession.builder.getOrCreate() has the catalog `lake`. Nothing stays running after it.
#   SPARK_CATALOG (a file with the properties of the catalog)  SQLITE_CATALOG (the catalog.db of a lake; neither set: `lake` is the
#   PostgreSQL catalog of POSTGRES_* and LAKE_WAREHOUSE as postgres.sh prints them)  SPARK_MASTER (local[2])  SPARK_MEMORY (1g)
#   SPARK_TIERS (1: the compiler that starts fastest; 4 for measuring)
. "$(dirname "$0")/lib.sh"
USAGE='up|install|down|wipe|env|run SCRIPT.py [ARGS]'
SPARK=${SPARK_VERSION:-3.5.9} ICEBERG=${SPARK_ICEBERG_VERSION:-1.12.0}
VENV=$DL/spark-$SPARK JARS=$DL/spark-jars-$ICEBERG

up() {
  java_home 17 >/dev/null
  venv "$VENV" "pyspark==$SPARK"
  jars "$JARS" "org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:$ICEBERG" org.postgresql:postgresql:42.7.14 org.xerial:sqlite-jdbc:3.50.3.0
  cat >"$RUN/log4j2.properties" <<'X'
status=error
rootLogger.level=error
rootLogger.appenderRef.e.ref=E
appender.e.type=Console
appender.e.name=E
appender.e.target=SYSTEM_ERR
appender.e.layout.type=PatternLayout
appender.e.layout.pattern=%p %m (%c)%n
X
  publish "SPARK_PYTHON=$VENV/bin/python"
}

running() { [ -f "$RUN/env" ]; }
stop_all() { :; }
verb_install() { main up; }

verb_run() { # stdout is the script's
  [ $# -ge 1 ] || die "usage: $0 run SCRIPT.py [ARGS]"
  ( lock; up )
  local content conf
  content=$(configuration)
  conf=$RUN/conf-$(cksum <<<"$content" | cut -d' ' -f1) # one file per configuration: runs may overlap
  echo "$content" >"$conf.$$"
  mv "$conf.$$" "$conf"
  export JAVA_HOME PYSPARK_PYTHON=$VENV/bin/python SPARK_LOCAL_IP=127.0.0.1
  JAVA_HOME=$(java_home 17)
  exec "$VENV/bin/spark-submit" --properties-file "$conf" "$@"
}

# For scripts of seconds: Java's second compiler costs more than it gains.
configuration() {
  printf '%s %s\n' spark.master "${SPARK_MASTER:-local[2]}" spark.driver.memory "${SPARK_MEMORY:-1g}" spark.driver.extraClassPath "$JARS/*" \
    spark.driver.host 127.0.0.1 spark.driver.bindAddress 127.0.0.1 spark.ui.enabled false spark.local.dir "$RUN/tmp" \
    spark.sql.warehouse.dir "file://$RUN/warehouse" spark.sql.shuffle.partitions 2 spark.sql.session.timeZone UTC \
    spark.driver.extraJavaOptions "-XX:TieredStopAtLevel=${SPARK_TIERS:-1} -Dlog4j2.configurationFile=$RUN/log4j2.properties"
  if [ -n "${SPARK_CATALOG:-}" ]; then
    cat "$SPARK_CATALOG"
    return
  fi
  if [ -n "${SQLITE_CATALOG:-}" ]; then
    local file
    file=$(realpath -e "$SQLITE_CATALOG") || die "SQLITE_CATALOG is not a file"
    catalog "uri jdbc:sqlite:$file" "warehouse file://${file%/*}/warehouse"
    return
  fi
  [ -n "${POSTGRES_JDBC_URL:-}" ] || die 'neither SQLITE_CATALOG nor POSTGRES_JDBC_URL is set; see postgres.sh'
  catalog "uri $POSTGRES_JDBC_URL" "jdbc.user $POSTGRES_USER" "jdbc.password $POSTGRES_PASSWORD" "warehouse $LAKE_WAREHOUSE"
}

catalog() { # "KEY VALUE"...
  echo "spark.sql.catalog.lake org.apache.iceberg.spark.SparkCatalog"
  printf 'spark.sql.catalog.lake.%s\n' "type jdbc" "jdbc.schema-version V1" "$@"
}

main "$@"
