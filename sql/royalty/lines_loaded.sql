-- The lines of a period as they come from Trino, none yet. Grain: one (period, artist_id, track_id, country, tier).
-- Units: listens. Relations: lines (for its columns).
CREATE OR REPLACE TABLE lines_loaded AS FROM lines LIMIT 0
