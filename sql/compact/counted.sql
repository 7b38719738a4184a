-- The rows of some files of the ledger, in the order in which they are written anew: by listener, as the archive,
-- because erasures look for listeners. Creates merged.
-- Grain: one row; place is its number in the new file, from 0. Relations: inputs (files of listens_counted).
CREATE OR REPLACE TABLE merged AS
SELECT *, row_number() OVER (ORDER BY user_id, event_time, _file, _pos) - 1 AS place FROM inputs
