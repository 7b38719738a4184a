-- The lines of one slice of the ids, none yet. Grain: one (period, artist_id, track_id, country, tier). Units: listens.
-- Relations: recounted (for its columns).
CREATE OR REPLACE TABLE recounted_slice AS FROM recounted LIMIT 0
