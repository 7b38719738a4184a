-- How many lines of a period a recount gives otherwise than they are published. Published lines are taken off the
-- listens that are counted, in one grouping; nothing is left of those that agree. Listens and qualified listens are one
-- number, the first times 2^32 (no line has 2^31 listens), because a second sum makes a month outgrow the memory limit.
-- Grain: one row. Units: lines.
-- Relations: judged_month (the period's counted listens with the column qualifies), published_month (its
-- royalty_lines).
SELECT count(*) FROM (
  SELECT artist_id, track_id, country, tier
  FROM (
    SELECT artist_id, track_id, country, tier, 4294967296 + qualifies::BIGINT AS listens FROM judged_month
    UNION ALL
    SELECT artist_id, track_id, country, tier, -(listens * 4294967296 + qualified_listens) FROM published_month)
  GROUP BY artist_id, track_id, country, tier
  HAVING sum(listens) <> 0)
