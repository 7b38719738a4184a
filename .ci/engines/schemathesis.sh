#!/usr/bin/env bash
# A fuzzer of HTTP APIs by their OpenAPI description, in a Python environment of its own.
# schemathesis.sh up|install|down|wipe|env|run ARGS...
#   env prints SCHEMATHESIS; run runs it.
. "$(dirname "$0")/lib.sh"
USAGE='up|install|down|wipe|env|run ARGS...'
SCHEMATHESIS_VERSION=${SCHEMATHESIS_VERSION:-4.32.5}
VENV=$DL/schemathesis

up() {
  venv "$VENV" "schemathesis==$SCHEMATHESIS_VERSION"
  publish "SCHEMATHESIS=$VENV/bin/schemathesis"
}

running() { [ -f "$RUN/env" ]; }
stop_all() { :; }
verb_install() { main up; }

verb_run() { # in a folder of its own: it leaves what it has learnt where it runs
  ( lock; up )
  mkdir -p "$RUN/at"
  cd "$RUN/at"
  exec "$VENV/bin/schemathesis" "$@"
}

main "$@"
