-- Royalty lines of the judged listens. Grain: one row a (period, artist_id, track_id, country, tier).
-- Units: listens. Relations: judged (counted listens with the column qualifies), periods (the periods wanted).
CREATE OR REPLACE TABLE lines AS
SELECT strftime(event_time, '%Y-%m') AS period, artist_id, track_id, country, tier,
  CAST(count(*) AS BIGINT) AS listens,
  CAST(count(*) FILTER (WHERE qualifies) AS BIGINT) AS qualified_listens
FROM judged
WHERE strftime(event_time, '%Y-%m') IN (SELECT period FROM periods)
GROUP BY ALL
