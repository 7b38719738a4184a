-- The rows of some files of deletion_log, in the order in which they are written anew: as the steps were taken. Creates
-- merged.
-- Grain: one row; place is its number in the new file, from 0. Relations: inputs (files of deletion_log).
CREATE OR REPLACE TABLE merged AS
SELECT *, row_number() OVER (ORDER BY "at", _file, _pos) - 1 AS place FROM inputs
