-- Adds to the lines of a step what waits of earlier erasures: a statement says the same as long as these are not
-- posted.
-- Grain: one line. Units: listens. Relations: lines, main.waiting_lines.
CREATE OR REPLACE TABLE lines AS
SELECT period, artist_id, track_id, country, tier, CAST(sum(listens) AS BIGINT) AS listens, CAST(sum(qualified_listens) AS BIGINT) AS qualified_listens
FROM (SELECT * FROM lines UNION ALL SELECT * FROM main.waiting_lines)
GROUP BY period, artist_id, track_id, country, tier HAVING sum(listens) <> 0 OR sum(qualified_listens) <> 0
