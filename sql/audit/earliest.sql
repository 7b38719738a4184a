-- The copies that were received first, with every field of the published order. Grain: one archived copy.
-- Relations: cut, heard.
CREATE TABLE earliest AS
SELECT c.listen_id, c.event_time, c.ms_played, c.track_id, c.artist_id, c.user_id, c.country, c.tier, c.device, c.track_ms
FROM cut c JOIN heard h ON h.listen_id = c.listen_id AND h.first_received = c.received_time
