-- What the published lines of one artist and track sum to. Grain: one row. Units: listens, qualified listens.
-- Parameters: $1 period, $2 artist, $3 track, $4 country or '', $5 tier or ''. Relations: statement_lines, held_lines
-- (lines to leave out).
SELECT CAST(coalesce(sum(listens), 0) AS BIGINT), CAST(coalesce(sum(qualified_listens), 0) AS BIGINT)
FROM statement_lines ANTI JOIN held_lines USING (artist_id, track_id, country, tier)
WHERE period = $1 AND artist_id = $2 AND track_id = $3 AND $4 IN ('', country) AND $5 IN ('', tier)
