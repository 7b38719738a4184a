-- The rows of some files of listens_duplicates, in the order in which they are written anew: spans of days apart that
-- get files of their own, then by listener, because erasures look for listeners. Creates merged.
-- Grain: one row; place is its number in the new files, from 0. Relations: inputs (files of listens_duplicates), apart.
CREATE OR REPLACE TABLE merged AS
SELECT inputs.*, row_number() OVER (ORDER BY apart.first NULLS FIRST, user_id, event_time, _file, _pos) - 1 AS place
FROM inputs LEFT JOIN apart ON CAST(make_timestamp(epoch_us(event_time)) AS DATE) - DATE '1970-01-01' BETWEEN apart.first AND apart.last
