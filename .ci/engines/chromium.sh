#!/usr/bin/env bash
# Chromium of Debian, for the tests of the dashboard.  chromium.sh up|down|wipe|env
#   The browser belongs to the test that starts it: nothing stays running here. As root it has no sandbox of its own.
. "$(dirname "$0")/lib.sh"

up() {
  command_or chromium chromium
  publish "CHROMIUM=$(command -v chromium)"
}

running() { [ -f "$RUN/env" ]; }
stop_all() { :; }

main "$@"
