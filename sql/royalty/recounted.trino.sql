-- The royalty lines of all periods, for Trino. The period is made of year and month: these round nothing.
-- Grain: one row a (period, artist_id, track_id, country, tier). Units: listens.
-- Relations: judged (the listens that count, with the column qualifies).
SELECT lpad(CAST(year_of AS varchar), 4, '0') || '-' || lpad(CAST(month_of AS varchar), 2, '0') AS period,
  artist_id, track_id, country, tier, listens, qualified_listens
FROM (
  SELECT year(event_time) AS year_of, month(event_time) AS month_of, artist_id, track_id, country, tier,
    count(*) AS listens, count_if(qualifies) AS qualified_listens
  FROM judged
  GROUP BY year(event_time), month(event_time), artist_id, track_id, country, tier)
