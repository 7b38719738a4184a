-- What listens_duplicates must say about the contested ids: one row a copy that does not count, with where
-- its winner is and whether the two differ.
-- Grain: one row a copy. Relations: copies.
CREATE TABLE losers AS
SELECT l.listen_id, l.user_id, l.event_time, l.received_time, l.source_topic, l.source_partition, l.source_offset,
  w.event_time AS winner_event_time, l.payload, l.payload <> w.payload AS payload_conflict, l.user_id <> w.user_id AS other_user,
  l.duplicate_file IS NOT NULL AND l.was_winner_event_time = w.event_time
    AND l.was_payload_conflict = (l.payload <> w.payload) AND l.was_other_user = (l.user_id <> w.user_id) AS unchanged
FROM copies l JOIN copies w ON w.listen_id = l.listen_id AND w.rank = 1
WHERE l.rank > 1
