-- The qualified listens of tracks with splits that do not last the whole month. Grain: one listen.
-- Relations: shares_judged (counted listens with the column qualifies), shares_dated.
CREATE OR REPLACE VIEW shares_listens AS
SELECT event_time, artist_id, track_id, country, tier
FROM shares_judged SEMI JOIN (SELECT DISTINCT track_id FROM shares_dated) USING (track_id)
WHERE qualifies
