-- The requests that are concluded. Grain: one request row, by its place in its source. Creates the table concluded.
CREATE OR REPLACE TABLE concluded (source_topic VARCHAR, source_partition BIGINT, source_offset BIGINT)
