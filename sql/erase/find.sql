-- Adds the covered rows of listens or listens_counted to hits.
-- Grain: one row and one request. Parameters: $1 the table's name. Relations: copies (the table, or the files of
-- it that can hold such rows), wanted, hits. Units: ms_played in milliseconds.
INSERT INTO hits
SELECT $1::VARCHAR, c._file, c._pos, w.ord, c.listen_id, CAST(c.event_time AS DATE), c.artist_id, c.track_id, c.ms_played
FROM copies c JOIN wanted w ON w.user_id = c.user_id
WHERE w.sweep
  AND covers(epoch_us(c.event_time), epoch_us(c.received_time), w.from_us, w.to_us, w.up_to, w.request_us)
