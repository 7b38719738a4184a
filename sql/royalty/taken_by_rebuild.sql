-- Ids that an erasure took from the ledger before a rebuild, or before rows were put in their place: late copies take
-- none away, and put none in place of a smaller one. The order is that of ranked.sql. Grain: one row an id.
-- Relations: ledger_before, ledger_after (listens_counted, or what a commit took of it and gave to it).
CREATE OR REPLACE VIEW taken AS
SELECT b.listen_id, b.user_id FROM ledger_before b LEFT JOIN ledger_after a USING (listen_id)
WHERE a.listen_id IS NULL
  OR ROW(a.received_time, a.event_time, a.ms_played, a.track_id, a.artist_id, a.user_id, a.country, a.tier, a.device)
   > ROW(b.received_time, b.event_time, b.ms_played, b.track_id, b.artist_id, b.user_id, b.country, b.tier, b.device)
