-- DuckDB fetches its extensions httpfs, avro and iceberg by itself. Asked from another machine, give TOKEN 'lkt_...'
-- (lakectl token create --analyst) instead of AUTHORIZATION_TYPE.
ATTACH '' AS lake (TYPE iceberg, ENDPOINT 'http://127.0.0.1:8181', AUTHORIZATION_TYPE 'none');
SELECT device, count(*) AS listens FROM lake.music.listens GROUP BY device ORDER BY listens DESC;
