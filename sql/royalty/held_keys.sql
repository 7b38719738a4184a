-- The lines that erased listens changed, and those that erasures took from and gave to alike. told: the erasures since
-- the settled run account for all of it, so their people are its people; otherwise those since the last run are, and
-- rest is what these leave.
-- Run as one; no parameters. Grain: one line. Units: listens, signed; rest: listens.
-- Relations: before_lines, after_lines (with erased listens in, and without), main.touched_told, main.touched_fresh.
CREATE OR REPLACE TABLE main.held_keys AS
WITH changed AS (
  SELECT artist_id, track_id, country, tier, CAST(sum(l) AS BIGINT) AS listens, CAST(sum(q) AS BIGINT) AS qualified
  FROM (
    SELECT artist_id, track_id, country, tier, listens AS l, qualified_listens AS q FROM after_lines
    UNION ALL
    SELECT artist_id, track_id, country, tier, -listens, -qualified_listens FROM before_lines)
  GROUP BY artist_id, track_id, country, tier HAVING sum(l) <> 0 OR sum(q) <> 0
), told AS (
  SELECT artist_id, track_id, country, tier, sum(listens) AS l, sum(qualified) AS q FROM main.touched_told GROUP BY ALL
), fresh AS (
  SELECT artist_id, track_id, country, tier, sum(listens) AS l, sum(qualified) AS q FROM main.touched_fresh GROUP BY ALL
), keys AS (
  SELECT artist_id, track_id, country, tier FROM changed
  UNION
  SELECT artist_id, track_id, country, tier FROM fresh
), sums AS (
  SELECT k.*, coalesce(c.listens, 0) AS listens, coalesce(c.qualified, 0) AS qualified,
    coalesce(t.l, 0) = coalesce(c.listens, 0) AND coalesce(t.q, 0) = coalesce(c.qualified, 0) AS told,
    coalesce(c.listens, 0) - coalesce(f.l, 0) AS rest_listens, coalesce(c.qualified, 0) - coalesce(f.q, 0) AS rest_qualified
  FROM keys k LEFT JOIN changed c USING (artist_id, track_id, country, tier) LEFT JOIN told t USING (artist_id, track_id, country, tier)
    LEFT JOIN fresh f USING (artist_id, track_id, country, tier)
)
SELECT row_number() OVER () AS key_id, *, listens <> 0 OR qualified <> 0 AS differs,
  CASE WHEN told THEN 0 ELSE CAST(greatest(abs(rest_listens), abs(rest_qualified)) AS BIGINT) END AS rest
FROM sums;

CREATE OR REPLACE TABLE main.held_out (key_id BIGINT)
