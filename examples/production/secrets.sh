#!/bin/sh
# Makes the secrets that compose.yaml mounts, once. Keep a copy of subject-key: without it no deletion request made so far
# matches a listen.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
[ -s secrets/postgres-password ] || hex 24 >secrets/postgres-password
[ -s secrets/subject-key ] || hex 16 >secrets/subject-key
[ -s secrets/catalog-uri ] ||
  printf 'postgres://lakectl:%s@postgres:5432/catalog?sslmode=disable' "$(cat secrets/postgres-password)" >secrets/catalog-uri
[ -s secrets/engine.env ] || printf 'CATALOG_PASSWORD=%s\n' "$(cat secrets/postgres-password)" >secrets/engine.env
if [ ! -s secrets/s3.env ]; then # the first two are the server's, the others every client's
  key=lakectl secret=$(hex 24)
  printf 'ROOT_ACCESS_KEY=%s\nROOT_SECRET_KEY=%s\nAWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n' "$key" "$secret" "$key" "$secret" >secrets/s3.env
fi
# Containers read them as users of their own; who may enter the folder is what protects them here.
chmod 0444 secrets/*
