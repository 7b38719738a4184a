-- Adds where the tracks were heard, without money: lines overlap pools, so their listens are nobody's amount.
-- Grain: one line. Units: listens. Relations: lines (royalty_lines of the period), money. Parameters: $1 period.
INSERT INTO money
SELECT 'usage', $1::VARCHAR, artist_id, track_id, country, tier, '', '', '', listens, qualified_listens, NULL, '' FROM lines
