#!/usr/bin/env bash
# Foreign readers in one Python environment: PyIceberg and DuckDB with its Iceberg, Avro and httpfs extensions.
# readers.sh up|install|down|wipe|env|python ARGS...
#   env prints READERS_PYTHON and the paths of the .duckdb_extension files, which Go's DuckDB of the same version loads too.
. "$(dirname "$0")/lib.sh"
USAGE='up|install|down|wipe|env|python ARGS...'
DUCKDB=${DUCKDB_VERSION:-1.5.5} PYICEBERG=${PYICEBERG_VERSION:-0.12.0}
VENV=$DL/readers

up() {
  local name file
  venv "$VENV" "pyiceberg[sql-sqlite,sql-postgres,pyarrow,s3fs,pyiceberg-core]==$PYICEBERG" "duckdb==$DUCKDB" "duckdb-extension-iceberg==$DUCKDB" \
    "duckdb-extension-avro==$DUCKDB" "duckdb-extension-httpfs==$DUCKDB"
  publish "READERS_PYTHON=$VENV/bin/python"
  for name in avro iceberg httpfs; do
    file=$(find "$VENV" -name "$name.duckdb_extension")
    [ -n "$file" ] || die "no $name.duckdb_extension in $VENV"
    echo "DUCKDB_${name^^}_EXTENSION=$file" >>"$RUN/env"
  done
}

running() { [ -f "$RUN/env" ]; }
stop_all() { :; }
verb_install() { main up; }

verb_python() { # stdout is the script's
  ( lock; up )
  set -a
  # shellcheck disable=SC1091 # written by up
  . "$RUN/env"
  exec "$VENV/bin/python" "$@"
}

main "$@"
