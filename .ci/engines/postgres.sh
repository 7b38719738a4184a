#!/usr/bin/env bash
# PostgreSQL with the Iceberg JDBC catalog's tables.  postgres.sh up|down|wipe|env|database NAME
#   POSTGRES_PORT (15432)  LAKE_WAREHOUSE (file:// below the state directory; wiped with it)
#   database NAME makes another catalog database with the tables in it and prints its lines: one a test keeps tests apart.
. "$(dirname "$0")/lib.sh"
USAGE='up|down|wipe|env|database NAME'
PORT=${POSTGRES_PORT:-15432} OWNER=iceberg
export PGHOST=127.0.0.1 PGPORT=$PORT PGUSER=$OWNER PGPASSWORD=$OWNER

up() {
  running && return
  local bin data=$RUN/data
  bin=$(binaries)
  [ -n "$bin" ] || { install_packages; bin=$(binaries); }
  claim POSTGRES_PORT "$PORT"
  mkdir -p "$RUN/warehouse"
  if [ ! -f "$data/PG_VERSION" ]; then
    rm -rf "$data"
    mkdir -m 700 "$data"
    echo "$OWNER" >"$RUN/password"
    [ "$(id -u)" != 0 ] || chown postgres "$data" "$RUN/password"
    as_postgres "$bin/initdb" -D "$data" -U "$OWNER" -A scram-sha-256 --pwfile="$RUN/password" -E UTF8 --locale=C.UTF-8 --no-sync >"$RUN/initdb.log" 2>&1 ||
      { cat "$RUN/initdb.log" >&2; die "initdb failed"; }
  fi
  # fsync=off: these databases are thrown away. No Unix socket: everything is on 127.0.0.1.
  # shellcheck disable=SC2046 # the prefix is words
  start postgres $(as_postgres) "$bin/postgres" -D "$data" -p "$PORT" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c fsync=off -c full_page_writes=off -c shared_buffers=64MB -c max_connections=200
  await postgres 60 "$bin/pg_isready" -q -d postgres
  create_database iceberg
  publish "$(lines iceberg)" "LAKE_WAREHOUSE=$LAKE_WAREHOUSE"
}

stop_all() { stop postgres INT; } # INT: do not wait for clients to leave

verb_database() {
  [ $# -eq 1 ] || die "usage: $0 database NAME"
  running || die "not up; run: $0 up"
  create_database "$1"
  lines "$1"
}

lines() {
  printf '%s\n' "POSTGRES_DSN=postgres://$OWNER:$OWNER@127.0.0.1:$PORT/$1" "POSTGRES_JDBC_URL=jdbc:postgresql://127.0.0.1:$PORT/$1" \
    "POSTGRES_USER=$OWNER" "POSTGRES_PASSWORD=$OWNER"
}

# The tables of Iceberg's JDBC catalog, schema version V1. Every client but Trino makes them when they are missing.
create_database() {
  psql -qtAX -d postgres -c "select 1 from pg_database where datname = '$1'" | grep -q 1 || psql -qX -d postgres -c "create database \"$1\""
  psql -qX -d "$1" -v ON_ERROR_STOP=1 <<'X'
set client_min_messages = warning;
create table if not exists iceberg_tables (
  catalog_name varchar(255) not null,
  table_namespace varchar(255) not null,
  table_name varchar(255) not null,
  metadata_location varchar(1000),
  previous_metadata_location varchar(1000),
  iceberg_type varchar(5),
  primary key (catalog_name, table_namespace, table_name)
);
create table if not exists iceberg_namespace_properties (
  catalog_name varchar(255) not null,
  namespace varchar(255) not null,
  property_key varchar(255),
  property_value varchar(1000),
  primary key (catalog_name, namespace, property_key)
);
X
}

# PostgreSQL refuses to run as root. The postgres user keeps one capability, to reach a state directory below a private home.
as_postgres() {
  local prefix=()
  [ "$(id -u)" != 0 ] || prefix=(setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=+dac_override --ambient-caps=+dac_override --)
  if [ $# -eq 0 ]; then echo "${prefix[@]}"; else "${prefix[@]}" "$@"; fi
}

# shellcheck disable=SC2012 # package paths have no odd characters
binaries() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

install_packages() { # without the cluster on port 5432 that the package starts by default
  debian postgresql-common
  sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  debian postgresql
}

main "$@"
