-- The first of the lines that differ. Grain: one line. Units: listens. Parameters: $1 how many. Relations: differences.
SELECT artist_id, track_id, country, tier, listens_was, listens_now, qualified_was, qualified_now FROM differences
ORDER BY artist_id, track_id, country, tier LIMIT $1
