-- The counted copies of the contested ids, see winners_contested.sql. Grain: one row an id.
CREATE TABLE winners_contested (track_id VARCHAR, artist_id VARCHAR, device VARCHAR, event_time TIMESTAMPTZ, ms_played INTEGER, track_ms INTEGER,
  country VARCHAR, tier VARCHAR)
