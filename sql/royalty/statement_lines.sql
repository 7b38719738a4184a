-- Lines of one period. Grain: one line. Units: listens. Relations: statement_lines. Parameters: $1 period.
SELECT artist_id, track_id, country, tier, listens, qualified_listens
FROM statement_lines WHERE period = $1
ORDER BY artist_id, track_id, country, tier
