#!/usr/bin/env bash
# Iceberg's REST catalog fixture over the Postgres JDBC catalog: catalog `lake` (files) and, when S3_ENDPOINT is set, `s3lake` (S3)
# on the next port.  rest.sh up|down|wipe|env
#   REST_PORT (18181)  REST_HEAP (384m)  REST_ICEBERG_VERSION
#   POSTGRES_* and LAKE_WAREHOUSE as postgres.sh prints them;  S3_*, AWS_* as s3.sh prints them
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VERSION=${REST_ICEBERG_VERSION:-1.10.1} PORT=${REST_PORT:-18181} HEAP=${REST_HEAP:-384m}

up() {
  if running; then
    [ -z "${S3_ENDPOINT:-}" ] || grep -q S3_URI "$RUN/env" || die "running without S3; run: $0 down"
    return
  fi
  [ -n "${POSTGRES_JDBC_URL:-}" ] || die 'POSTGRES_JDBC_URL is not set; see postgres.sh'
  local java libs=$DL/rest-$VERSION classes=$DL/rest-$VERSION-classes hadoop=3.4.1 jetty=11.0.26
  java=$(java_home 17) # Hadoop $hadoop calls Subject.getSubject, which newer JDKs refuse
  jars "$libs" "org.apache.iceberg:iceberg-core:$VERSION" "org.apache.iceberg:iceberg-core:$VERSION:tests" "org.apache.iceberg:iceberg-aws:$VERSION" \
    "org.apache.iceberg:iceberg-aws-bundle:$VERSION" "org.eclipse.jetty:jetty-server:$jetty" "org.eclipse.jetty:jetty-servlet:$jetty" org.postgresql:postgresql:42.7.14 \
    "org.apache.hadoop:hadoop-client-api:$hadoop" "org.apache.hadoop:hadoop-client-runtime:$hadoop" org.slf4j:slf4j-simple:2.0.17
  [ "$classes/LoopbackRest.class" -nt "$HERE/LoopbackRest.java" ] || "$java/bin/javac" -cp "$libs/*" -d "$classes" "$HERE/LoopbackRest.java" >&2
  claim REST_PORT "$PORT" $((PORT + 1))
  local jdbc=(type=jdbc "uri=$POSTGRES_JDBC_URL" "jdbc.user=$POSTGRES_USER" "jdbc.password=$POSTGRES_PASSWORD" jdbc.schema-version=V1)
  local serve=(--serve "$PORT" lake "${jdbc[@]}" "warehouse=$LAKE_WAREHOUSE")
  [ -z "${S3_ENDPOINT:-}" ] || serve+=(--serve $((PORT + 1)) s3lake "${jdbc[@]}" "warehouse=s3://$S3_BUCKET/warehouse"
    io-impl=org.apache.iceberg.aws.s3.S3FileIO "s3.endpoint=$S3_ENDPOINT" s3.path-style-access=true "client.region=$AWS_REGION"
    "s3.access-key-id=$AWS_ACCESS_KEY_ID" "s3.secret-access-key=$AWS_SECRET_ACCESS_KEY")
  start rest "$java/bin/java" "-Xmx$HEAP" -cp "$libs/*:$classes" LoopbackRest "${serve[@]}"
  await rest 60 curl -sf "http://127.0.0.1:$PORT/v1/config"
  local lines=("ICEBERG_REST_URI=http://127.0.0.1:$PORT")
  if [ -n "${S3_ENDPOINT:-}" ]; then
    await rest 30 curl -sf "http://127.0.0.1:$((PORT + 1))/v1/config"
    lines+=("ICEBERG_REST_S3_URI=http://127.0.0.1:$((PORT + 1))")
  fi
  publish "${lines[@]}"
}

main "$@"
