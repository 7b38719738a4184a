#!/bin/sh
# A deletion request, from its arrival to the certificate: what will go, that it is gone from tables and bytes, and what proves it.
# In an empty folder, with lakectl on PATH:
#
#   sh erase.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)

lakectl init
lakectl ingest file "$here/listens.jsonl"
lakectl job rollup
lakectl job royalties

# The request comes the same way as the listens, and says what it covers.
lakectl ingest file "$here/request.jsonl"
lakectl deletions plan r-17

# Rows go at once, and what was derived from them is recomputed. Files and snapshots go when retention.archive_snapshots has passed, or now.
lakectl job deletions --purge-now
lakectl deletions list

# Every file that is left is decoded. Nothing is found: the certificate is issued, and the request forgets who asked.
lakectl deletions verify
if grep -rlE 'eve-0815|account closed' lakehouse; then exit 1; fi

# Who holds the certificate checks it without the lake; the opening shows that it covers this request.
cp lakehouse/certificate/certificates/* certificate.txt
lakectl deletions opening r-17 >opening.json
lakectl certificate verify --log lakehouse/certificate/log --opening opening.json certificate.txt

# One altered byte is refused.
sed 's/"count": 4/"count": 5/' certificate.txt >altered.txt
lakectl certificate verify altered.txt || echo "refused with code $?"

# The request binds for ever: what comes again stays out.
cp "$here/listens.jsonl" again.jsonl
lakectl ingest file --source another-try again.jsonl
lakectl sql "SELECT user_id, count(*) AS listens FROM listens GROUP BY user_id"
