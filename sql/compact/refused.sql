-- The rows of some files of quarantine, in the order in which they are written anew: as they came. Creates merged.
-- Grain: one row; place is its number in the new file, from 0. Relations: inputs (files of quarantine).
CREATE OR REPLACE TABLE merged AS
SELECT *, row_number() OVER (ORDER BY received_time, source_topic, source_partition, source_offset, _file, _pos) - 1 AS place FROM inputs
