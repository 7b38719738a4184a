-- What waits before the start: what the statement with its adjustments has more than the run that these go through.
-- Grain: one line. Units: listens, signed. Relations: was.lines, through_lines (royalty_lines of that run).
-- Parameters: $1 whether anything waits.
CREATE OR REPLACE TABLE main.waiting_lines AS
SELECT period, artist_id, track_id, country, tier, CAST(sum(l) AS BIGINT) AS listens, CAST(sum(q) AS BIGINT) AS qualified_listens
FROM (
  SELECT period, artist_id, track_id, country, tier, listens AS l, qualified_listens AS q FROM was.lines
  UNION ALL
  SELECT period, artist_id, track_id, country, tier, -listens, -qualified_listens FROM through_lines)
WHERE $1::BOOLEAN
GROUP BY period, artist_id, track_id, country, tier HAVING sum(l) <> 0 OR sum(q) <> 0
