-- What became of refused records, by source position. Grain: one refused record.
CREATE OR REPLACE TABLE marks (source_topic VARCHAR, source_partition INTEGER, source_offset BIGINT, outcome VARCHAR, outcome_at TIMESTAMPTZ)
