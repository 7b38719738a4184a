-- Royalty lines of one period in the order of the checksum: bytewise by key. The period is put before them after the
-- sort, which would carry it along.
-- Grain: one row a (period, artist_id, track_id, country, tier). Units: listens.
-- Relations: lines, judged_month (the period's counted listens with the column qualifies). Parameters: $1 the period.
INSERT INTO lines
SELECT $1 AS period, * FROM (
  SELECT artist_id, track_id, country, tier,
    CAST(count(*) AS BIGINT) AS listens,
    CAST(count(*) FILTER (WHERE qualifies) AS BIGINT) AS qualified_listens
  FROM judged_month
  GROUP BY artist_id, track_id, country, tier
  ORDER BY artist_id, track_id, country, tier)
