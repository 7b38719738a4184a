-- What a comparison of a table finds, filled by it; empty where nothing is compared. Several statements. Grain: of
-- differs one key whose rows are not what counts, with what is to come to its plays; of rewritten one row to add; of
-- gone one row to take away.
CREATE OR REPLACE TABLE differs AS SELECT hour, day, artist_id, track_id, country, device, plays, ms_played FROM nothing;
CREATE OR REPLACE TABLE rewritten AS FROM nothing;
CREATE OR REPLACE TABLE gone (_file VARCHAR, _pos BIGINT);
