-- Adds the covered rows of quarantine to hits, for every standing request: what is refused is not checked
-- against them when it arrives. An unreadable event_time is replaced by received_time; a record without
-- either lies in every window of its user, because nobody can show that it does not.
-- Grain: one row and one request. Parameters: $1 the table's name. Relations: copies (quarantine), wanted, hits.
INSERT INTO hits
SELECT $1::VARCHAR, c._file, c._pos, w.ord, NULL, NULL, NULL, NULL, NULL
FROM copies c JOIN wanted w ON w.user_id = c.user_id
WHERE covers(coalesce(epoch_us(c.event_time), epoch_us(c.received_time), w.from_us), epoch_us(c.received_time),
  w.from_us, w.to_us, w.up_to, w.request_us)
