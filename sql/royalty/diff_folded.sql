-- The lines that the erasure of too few people changed. Grain: one line.
-- Relations: differences, erased_from (listens_counted before), main.erased (ids and the people of whom they were
-- taken).
-- Parameters: $1 people.
CREATE OR REPLACE TABLE folded_lines AS
WITH many AS (
  SELECT artist_id, track_id, country, tier FROM erased_from c JOIN main.erased e USING (listen_id)
  GROUP BY artist_id, track_id, country, tier HAVING count(DISTINCT e.user_id) >= $1::BIGINT
)
SELECT DISTINCT artist_id, track_id, country, tier FROM differences ANTI JOIN many USING (artist_id, track_id, country, tier)
WHERE kind = 'line' AND cause IN ('deletions', 'listens')
