-- The rows of some files of sources, in the order in which they are written anew: by the name that ingest looks for.
-- Creates merged.
-- Grain: one row; place is its number in the new file, from 0. Relations: inputs (files of sources).
CREATE OR REPLACE TABLE merged AS
SELECT *, row_number() OVER (ORDER BY source, finished_at, _file, _pos) - 1 AS place FROM inputs
