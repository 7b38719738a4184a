-- The rows of some files of royalty_adjustments, in the order in which they are written anew: by artist, because pages
-- ask for one. Creates merged.
-- Grain: one row; place is its number in the new file, from 0. Relations: inputs (files of royalty_adjustments).
CREATE OR REPLACE TABLE merged AS
SELECT *, row_number() OVER (ORDER BY artist_id, track_id, origin_period, kind, posted_at, _file, _pos) - 1 AS place
FROM inputs
