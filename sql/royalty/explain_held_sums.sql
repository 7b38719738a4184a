-- How many of the chosen lines are held, and what was published of them. Grain: one row. Units: lines, listens,
-- qualified listens.
-- Parameters: $1 artist, $2 track, $3 country or '', $4 tier or ''. Relations: held_lines.
SELECT count(*), CAST(coalesce(sum(listens), 0) AS BIGINT), CAST(coalesce(sum(qualified_listens), 0) AS BIGINT) FROM held_lines
WHERE artist_id = $1 AND track_id = $2 AND $3 IN ('', country) AND $4 IN ('', tier)
