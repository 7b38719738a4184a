-- Lines of a closed period as published, with the differences posted since. Grain: one line. Units: listens.
-- Relations: main.closed_lines, main.adjustments (royalty_adjustments). Parameters: $1 period.
CREATE TABLE lines AS
SELECT $1 AS period, artist_id, track_id, country, tier, CAST(sum(listens) AS BIGINT) AS listens, CAST(sum(qualified_listens) AS BIGINT) AS qualified_listens
FROM (
  SELECT artist_id, track_id, country, tier, listens, qualified_listens FROM main.closed_lines WHERE period = $1
  UNION ALL
  SELECT artist_id, track_id, country, tier, listens, qualified_listens FROM main.adjustments WHERE kind = 'line' AND origin_period = $1)
GROUP BY artist_id, track_id, country, tier HAVING sum(listens) <> 0 OR sum(qualified_listens) <> 0
