-- The rows of some files of erased_files, in the order in which they are written anew: as they were noted. Creates
-- merged.
-- Grain: one row; place is its number in the new file, from 0. Relations: inputs (files of erased_files).
CREATE OR REPLACE TABLE merged AS
SELECT *, row_number() OVER (ORDER BY "at", table_name, file_path, _file, _pos) - 1 AS place FROM inputs
