#!/usr/bin/env bash
# Trino, put together from its published jars, with catalog `lake` on the PostgreSQL catalog of postgres.sh.
# trino.sh up|down|wipe|env|workers N|sql STATEMENT
#   TRINO_PORT (18080)  TRINO_HEAP (1G, of each node)  TRINO_NODE_MEMORY (384MB, of a query on a node)  TRINO_QUERY_MEMORY (512MB, of a
#   query on all)  TRINO_TIERS (1: the compiler that starts fastest; 4 for measuring)  TRINO_VERSION;  POSTGRES_* and LAKE_WAREHOUSE as
#   postgres.sh prints them
#   workers has N nodes beside the coordinator, which goes on working too, on the ports after its own; 0 is how it starts.
#   sql prints each page of rows as a JSON array.
. "$(dirname "$0")/lib.sh"
USAGE='up|down|wipe|env|workers N|sql STATEMENT'
VERSION=${TRINO_VERSION:-483} PORT=${TRINO_PORT:-18080} HEAP=${TRINO_HEAP:-1G} TIERS=${TRINO_TIERS:-1}
HOME_DIR=$DL/trino-$VERSION URL=http://127.0.0.1:$PORT

up() {
  running && return
  [ -n "${POSTGRES_JDBC_URL:-}" ] || die 'POSTGRES_JDBC_URL is not set; see postgres.sh'
  local java
  java=$(java_home 25)
  assemble "$java"
  claim TRINO_PORT "$PORT"
  node "$java" trino "$PORT" coordinator=true node-scheduler.include-coordinator=true catalog.store=memory
  await trino 180 ready "$PORT"
  await trino 60 sql 'select count(*) from system.runtime.nodes'
  make_catalog
  publish "TRINO_URL=$URL"
}

# node JAVA NAME PORT PROPERTY...: starts a node. Catalogs live in memory: they are made by SQL after the start, so none is left over
# from another run.
node() {
  local java=$1 name=$2 port=$3 data=$RUN/data
  [ "$name" = trino ] || data=$RUN/data-$name
  mkdir -p "$data"
  printf '%s\n' "${@:4}" "discovery.uri=$URL" "http-server.http.port=$port" "query.max-memory=${TRINO_QUERY_MEMORY:-512MB}" \
    "query.max-memory-per-node=${TRINO_NODE_MEMORY:-384MB}" memory.heap-headroom-per-node=128MB catalog.management=dynamic >"$data/config.properties"
  (
    cd "$data"
    start "$name" "$java/bin/java" "-Xmx$HEAP" -XX:+UseG1GC -XX:+ExitOnOutOfMemoryError "-XX:TieredStopAtLevel=$TIERS" --add-modules=jdk.incubator.vector \
      --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -Djdk.attach.allowAttachSelf=true -Dnode.environment=test \
      "-Dnode.id=$name" -Dnode.bind-ip=127.0.0.1 -Dnode.internal-address=127.0.0.1 "-Dnode.data-dir=$data" "-Dplugin.dir=$HOME_DIR/plugin" \
      -Dconfig=config.properties -cp "$HOME_DIR/lib/*:$HOME_DIR/boot" Boot
  )
}

verb_workers() {
  [[ $# -eq 1 && $1 =~ ^[0-9]+$ ]] || die "usage: $0 workers N"
  lock
  running || die "not up; run: $0 up"
  local java n
  java=$(java_home 25)
  for n in $(seq 1 "$1"); do
    alive "worker-$n" && continue
    claim TRINO_PORT $((PORT + n))
    node "$java" "worker-$n" $((PORT + n)) coordinator=false
  done
  for n in $(seq 1 "$1"); do await "worker-$n" 240 ready $((PORT + n)); done
  for ((n = $1 + 1; ; n++)); do
    [ -f "$RUN/worker-$n.pid" ] || break
    stop "worker-$n"
  done
  await trino 120 nodes $(($1 + 1))
}

# A worker that was stopped is among the active ones for some seconds.
nodes() { [ "$(sql "select count(*) from system.runtime.nodes where state = 'active'")" = "[[$1]]" ]; }

stop_all() {
  local file
  for file in "$RUN"/worker-*.pid; do
    [ ! -f "$file" ] || stop "$(basename "$file" .pid)"
  done
  stop trino
}

ready() { curl -sf "http://127.0.0.1:$1/v1/info" | grep -q '"starting":false'; }

verb_sql() { [ $# -eq 1 ] || die "usage: $0 sql STATEMENT"; sql "$1"; }

# assemble JAVA: the server's archive of this version is not published, its parts are. What the archive adds by hand: the plugin's
# service file, a main class, and leaving the jars of the plugin interface out of the plugin.
assemble() {
  local plugin=$HOME_DIR/plugin/iceberg jar
  [ ! -f "$HOME_DIR/.complete" ] || return 0
  rm -rf "$HOME_DIR"
  mkdir -p "$HOME_DIR/boot/META-INF/services"
  BOM=io.trino:trino-root:$VERSION jars "$HOME_DIR/lib" "io.trino:trino-main:$VERSION"
  BOM=io.trino:trino-root:$VERSION jars "$plugin" "io.trino:trino-iceberg:$VERSION"
  BOM=io.trino:trino-root:$VERSION jars "$plugin/hdfs" "io.trino:trino-hdfs:$VERSION"
  for jar in trino-spi slice 'opentelemetry-api-[0-9]*' opentelemetry-context jackson-annotations jol-core; do rm -f "$plugin"/$jar-*.jar "$plugin"/$jar.jar; done
  rm -f "$plugin/.complete" "$plugin/hdfs/.complete"
  (
    cd "$HOME_DIR/boot"
    echo io.trino.plugin.iceberg.IcebergPlugin >META-INF/services/io.trino.spi.Plugin
    "$1/bin/jar" cf "$plugin/services.jar" META-INF
    echo "public class Boot { public static void main(String[] a) { new io.trino.server.Server().start(\"$VERSION\"); } }" >Boot.java
    "$1/bin/javac" -cp "../lib/*" Boot.java
  )
  touch "$HOME_DIR/.complete"
}

# The last property: a delete file of one row would otherwise have an encoding that PyIceberg cannot read.
make_catalog() {
  sql "create catalog if not exists lake using iceberg with (\"iceberg.catalog.type\" = 'jdbc', \"iceberg.jdbc-catalog.driver-class\" = 'org.postgresql.Driver',
    \"iceberg.jdbc-catalog.connection-url\" = '$POSTGRES_JDBC_URL', \"iceberg.jdbc-catalog.connection-user\" = '$POSTGRES_USER',
    \"iceberg.jdbc-catalog.connection-password\" = '$POSTGRES_PASSWORD', \"iceberg.jdbc-catalog.schema-version\" = 'V1',
    \"iceberg.jdbc-catalog.catalog-name\" = 'lake', \"iceberg.jdbc-catalog.default-warehouse-dir\" = '$LAKE_WAREHOUSE', \"fs.hadoop.enabled\" = 'true',
    \"parquet.writer.delta-length-byte-array-encoding-enabled\" = 'false')" >&2
}

# sql STATEMENT: runs it through Trino's HTTP protocol.
sql() {
  local page next
  page=$(curl -sf -H 'X-Trino-User: lake' -H 'X-Trino-Catalog: lake' --data-binary "$1" "$URL/v1/statement") || return 1
  while :; do
    sed -n 's/.*"data":\(\[\[.*\]\]\),"stats".*/\1/p' <<<"$page"
    ! grep -q '"error":{' <<<"$page" || { sed -n 's/.*"error":{"message":\("[^}]*\),"errorCode.*/\1/p' <<<"$page" >&2; return 1; }
    next=$(sed -n 's/.*"nextUri":"\([^"]*\)".*/\1/p' <<<"$page")
    [ -n "$next" ] || return 0
    page=$(curl -sf "$next") || return 1
  done
}

main "$@"
