-- Picks the next refused records to decode again, in order of source position: those that nothing has become of
-- yet, as many as their bytes allow, at least one. They are few beside quarantine, and as a table DuckDB knows it.
-- Grain: one row of quarantine. Units: microseconds since 1970. Parameters: $1 reason, $2 received_time from or NULL,
-- $3 to $5 the source position to go on after, $6 rows at most, $7 bytes before the last one at most.
-- Relations: quarantine.
CREATE OR REPLACE TABLE picked AS
WITH next AS (
  SELECT source_topic, source_partition, source_offset, coalesce(octet_length(raw), 0) AS bytes, _file, _pos
  FROM quarantine
  WHERE outcome IS NULL AND reason = $1 AND ($2 IS NULL OR epoch_us(received_time) >= $2)
    AND (source_topic, source_partition, source_offset) > ($3::VARCHAR, $4::INTEGER, $5::BIGINT)
  ORDER BY source_topic, source_partition, source_offset
  LIMIT $6
), through AS (
  SELECT *, sum(bytes) OVER (ORDER BY source_topic, source_partition, source_offset) AS through FROM next
)
SELECT _file, _pos FROM through WHERE through - bytes <= $7
