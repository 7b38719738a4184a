-- Lines of a closed period that come out as something else than the statement and the adjustments posted since: what
-- they came to would show what fewer than five people played. Grain: one line. Units: listens, as published.
-- Relations: closed_lines (royalty_lines of the statement), adjustments (royalty_adjustments), statement_lines (of the
-- newest run).
-- Parameters: $1 period; $2 the posted period of rows that an earlier version held back.
INSERT INTO held_lines
SELECT artist_id, track_id, country, tier, CAST(sum(listens) AS BIGINT), CAST(sum(qualified) AS BIGINT)
FROM (
  SELECT artist_id, track_id, country, tier, listens, qualified_listens AS qualified, listens AS l, qualified_listens AS q FROM closed_lines WHERE period = $1
  UNION ALL
  SELECT artist_id, track_id, country, tier, listens, qualified_listens, listens, qualified_listens FROM adjustments
  WHERE kind = 'line' AND origin_period = $1 AND posted_period <> $2
  UNION ALL
  SELECT artist_id, track_id, country, tier, 0, 0, -listens, -qualified_listens FROM statement_lines WHERE period = $1)
GROUP BY ALL HAVING sum(l) <> 0 OR sum(q) <> 0
