-- The shape in which every table of the dashboard is computed and compared: a table has some of the columns, the others
-- are NULL. Grain: one row of a table. Units: ms_played in milliseconds. Never filled.
CREATE TABLE nothing (
  hour TIMESTAMPTZ, day DATE, artist_id VARCHAR, track_id VARCHAR, country VARCHAR, device VARCHAR,
  plays BIGINT, ms_played BIGINT, listeners BLOB
)
