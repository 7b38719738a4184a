-- What counts of the touched artists in the days of scope, read once. Several statements, no parameters. Grain: one
-- copy. Units: ms_played in milliseconds. Relations: counted_whole (files of listens_counted), touched, scope (days).
CREATE OR REPLACE TABLE counted_touched AS
SELECT c.event_time, c.artist_id, c.track_id, c.country, c.device, c.ms_played, c.user_id
FROM counted_whole c SEMI JOIN (FROM touched WHERE day IN (SELECT day FROM scope)) t
  ON CAST(make_timestamp(epoch_us(c.event_time)) AS DATE) = t.day AND c.artist_id = t.artist_id;
CREATE OR REPLACE VIEW counted AS FROM counted_touched;
