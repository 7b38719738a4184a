-- What erased listens changed: of which line each was, and of which the copy is that took its place. A copy of the same
-- line that qualifies alike changes nothing. Run as one; no parameters.
-- Grain: touched: one line and person; erased_keys: one listen and line. Units: listens, signed.
-- Relations: base_judged, left_judged (erased ids as they counted before, and as they count now, with the person who
-- was erased).
CREATE OR REPLACE TABLE touched AS
SELECT artist_id, track_id, country, tier, user_id AS person, CAST(sum(l) AS BIGINT) AS listens, CAST(sum(q) AS BIGINT) AS qualified
FROM (
  SELECT artist_id, track_id, country, tier, user_id, -1 AS l, CASE WHEN qualifies THEN -1 ELSE 0 END AS q FROM base_judged
  UNION ALL
  SELECT artist_id, track_id, country, tier, user_id, 1, CASE WHEN qualifies THEN 1 ELSE 0 END FROM left_judged)
GROUP BY artist_id, track_id, country, tier, user_id HAVING sum(l) <> 0 OR sum(q) <> 0;

CREATE OR REPLACE TABLE erased_keys AS
SELECT listen_id, artist_id, track_id, country, tier FROM base_judged
UNION
SELECT listen_id, artist_id, track_id, country, tier FROM left_judged
