-- The counted copy of every id, from the archive alone: what the ledger must hold. The columns are those that
-- royalty lines need.
-- Ids with one copy need no comparison, so only the others are sorted; that keeps the memory with the
-- duplicates, not with the archive. The order is that of copies.sql.
-- Grain: one row an id. Relations: archive (all copies).
CREATE TABLE winners AS
WITH several AS (SELECT listen_id FROM archive GROUP BY listen_id HAVING count(*) > 1)
SELECT listen_id, track_id, artist_id, device, event_time, ms_played, track_ms, country, tier
FROM archive ANTI JOIN several USING (listen_id)
UNION ALL
SELECT listen_id, track_id, artist_id, device, event_time, ms_played, track_ms, country, tier
FROM archive SEMI JOIN several USING (listen_id)
QUALIFY row_number() OVER (
  PARTITION BY listen_id
  ORDER BY received_time, event_time, ms_played, track_id, artist_id, user_id, country, tier, device) = 1
