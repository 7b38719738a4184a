-- Royalty lines of one period, for Trino, in any order. A parameter stands for each ? in turn: the period, its begin,
-- its end.
-- Grain: one row a (period, artist_id, track_id, country, tier). Units: listens.
-- Relations: judged (counted listens with the column qualifies).
SELECT ? AS period, artist_id, track_id, country, tier, count(*) AS listens, count_if(qualifies) AS qualified_listens
FROM judged
WHERE event_time >= ? AND event_time < ?
GROUP BY artist_id, track_id, country, tier
