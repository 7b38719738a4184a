-- What counts of the touched artists. Grain: one copy. Relations: counted_whole (files of listens_counted), touched.
CREATE OR REPLACE VIEW counted AS
SELECT c.* FROM counted_whole c SEMI JOIN touched t
  ON CAST(make_timestamp(epoch_us(c.event_time)) AS DATE) = t.day AND c.artist_id = t.artist_id
