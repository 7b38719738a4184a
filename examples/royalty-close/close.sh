#!/bin/sh
# A month is run, closed, and corrected by what comes late. Run it in an empty folder with lakectl on the PATH:
#   sh /path/to/examples/royalty-close/close.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)

lakectl init
lakectl pools apply "$here/pools.csv"
lakectl splits apply "$here/splits.csv"
lakectl tracks load "$here/tracks.csv"

lakectl ingest file "$here/march.jsonl"
lakectl job royalties --dry-run                 # what it would do, and why
lakectl job royalties
lakectl period close --by ann 2026-03           # the statement, tagged royalty-2026-03-v1

lakectl ingest file "$here/late.jsonl"          # a tablet that was offline over the month's end
lakectl job royalties                           # restates March, posts the difference to April
lakectl period status
lakectl sql "SELECT posted_period, kind, cause, sum(listens)::BIGINT AS listens, sum(amount_minor)::BIGINT AS amount_minor
  FROM royalty_adjustments WHERE origin_period = '2026-03' GROUP BY ALL ORDER BY ALL"
lakectl sql --as-of royalty-2026-03-v1 "SELECT sum(listens)::BIGINT AS listens_as_published FROM royalty_lines WHERE period = '2026-03'"

lakectl royalties reproduce 2026-03             # from the archive, without the ledger
lakectl royalties explain --artist B --track t3 --period 2026-03
lakectl royalties export --by label --out statements 2026-04
cat statements/*/summary.csv
