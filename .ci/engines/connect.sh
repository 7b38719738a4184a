#!/usr/bin/env bash
# Kafka Connect (standalone) with Iceberg's own sink: the peer that ingest is measured against.  connect.sh up|down|wipe|env|sink TOPIC TABLE
#   CONNECT_TASKS (2)  CONNECT_COMMIT_MS (5000)  CONNECT_POLL_MS (500)  CONNECT_PORT (18383)  CONNECT_HEAP (1g)
#   KAFKA_BROKERS, POSTGRES_* and LAKE_WAREHOUSE as kafka.sh and postgres.sh print them
#   sink starts a connector that carries TOPIC into TABLE (namespace.name), which must both exist, and waits until its tasks run
. "$(dirname "$0")/lib.sh"
USAGE='up|down|wipe|env|sink TOPIC TABLE'
VERSION=${CONNECT_VERSION:-4.3.1} ICEBERG=${CONNECT_ICEBERG_VERSION:-1.12.0} # 4.3.1 is the last Connect release published as jars
TASKS=${CONNECT_TASKS:-2} PORT=${CONNECT_PORT:-18383} HEAP=${CONNECT_HEAP:-1g}
LIBS=$DL/connect-$VERSION PLUGIN=$DL/connect-plugins-$ICEBERG URL=http://127.0.0.1:$PORT

up() {
  running && return
  [ -n "${KAFKA_BROKERS:-}" ] || die 'KAFKA_BROKERS is not set; see kafka.sh'
  local java
  java=$(java_home 17)/bin/java
  jars "$LIBS" "org.apache.kafka:connect-runtime:$VERSION" "org.apache.kafka:connect-json:$VERSION" "org.apache.kafka:kafka-tools:$VERSION" \
    org.apache.logging.log4j:log4j-slf4j-impl:2.25.5
  jars "$PLUGIN/iceberg" "org.apache.iceberg:iceberg-kafka-connect:$ICEBERG" "org.apache.iceberg:iceberg-parquet:$ICEBERG" \
    "org.apache.iceberg:iceberg-orc:$ICEBERG" org.postgresql:postgresql:42.7.14 org.apache.hadoop:hadoop-client-api:3.4.1 org.apache.hadoop:hadoop-client-runtime:3.4.1
  claim CONNECT_PORT "$PORT"
  configure
  local run=("-Dlog4j2.configurationFile=$RUN/log4j2.properties" -cp "$LIBS/*")
  # Where the sink's tasks and their coordinator meet.
  "$java" "${run[@]}" org.apache.kafka.tools.TopicCommand --bootstrap-server "$KAFKA_BROKERS" --create --if-not-exists \
    --partitions 1 --replication-factor 1 --topic control-iceberg >"$RUN/topic.log" 2>&1 9>&- || { tail -n 5 "$RUN/topic.log" >&2; die "cannot make topic control-iceberg"; }
  start connect "$java" "-Xmx$HEAP" "${run[@]}" org.apache.kafka.connect.cli.ConnectStandalone "$RUN/worker.properties"
  await connect 90 curl -sf "$URL/connectors"
  publish "CONNECT_URL=$URL" "CONNECT_PID=$(cut -d' ' -f1 "$RUN/connect.pid")"
}

verb_sink() {
  [ $# -eq 2 ] || die "usage: $0 sink TOPIC TABLE"
  running || die "not up; run: $0 up"
  [ -n "${POSTGRES_JDBC_URL:-}" ] || die 'POSTGRES_JDBC_URL is not set; see postgres.sh'
  sink "$@" | curl -sfS -o "$RUN/sink.json" -X PUT -H 'Content-Type: application/json' --data-binary @- "$URL/connectors/$2/config" ||
    die "the worker refused the connector; log: $RUN/connect.log"
  await connect 90 all_running "$2"
}

all_running() { [ "$(curl -sf "$URL/connectors/$1/status" | grep -o '"state":"RUNNING"' | wc -l)" -eq $((TASKS + 1)) ]; }

# sink TOPIC TABLE: the connector's configuration. The commit timeout bounds the wait for a task that has never had a record: such
# a task does not answer at all.
sink() {
  cat <<X
{
  "connector.class": "org.apache.iceberg.connect.IcebergSinkConnector",
  "tasks.max": "$TASKS",
  "topics": "$1",
  "consumer.override.auto.offset.reset": "earliest",
  "iceberg.tables": "$2",
  "iceberg.control.commit.interval-ms": "${CONNECT_COMMIT_MS:-5000}",
  "iceberg.control.commit.timeout-ms": "10000",
  "iceberg.catalog": "lake",
  "iceberg.catalog.type": "jdbc",
  "iceberg.catalog.uri": "$POSTGRES_JDBC_URL",
  "iceberg.catalog.jdbc.user": "$POSTGRES_USER",
  "iceberg.catalog.jdbc.password": "$POSTGRES_PASSWORD",
  "iceberg.catalog.jdbc.schema-version": "V1",
  "iceberg.catalog.warehouse": "$LAKE_WAREHOUSE"
}
X
}

configure() {
  # offset.flush.interval.ms is how long an idle task sleeps, and a task answers a commit request only when it wakes: with
  # the default 60 s the sink commits a minute or two late whatever its commit interval says.
  cat >"$RUN/worker.properties" <<X
bootstrap.servers=$KAFKA_BROKERS
listeners=$URL
rest.advertised.host.name=127.0.0.1
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
value.converter.schemas.enable=false
offset.storage.file.filename=$RUN/offsets
offset.flush.interval.ms=${CONNECT_POLL_MS:-500}
plugin.path=$PLUGIN
consumer.max.poll.records=5000
X
  cat >"$RUN/log4j2.properties" <<'X'
status=error
rootLogger.level=warn
rootLogger.appenderRef.c.ref=C
appender.c.type=Console
appender.c.name=C
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=[%d] %p %m (%c)%n
logger.iceberg.name=org.apache.iceberg
logger.iceberg.level=info
X
}

main "$@"
