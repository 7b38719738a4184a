-- The touched lines of one period. Grain: one line. Relations: touched_lines. Parameters: $1 the period.
CREATE OR REPLACE TABLE touched_month AS
SELECT DISTINCT artist_id, track_id, country, tier FROM touched_lines WHERE period = $1
