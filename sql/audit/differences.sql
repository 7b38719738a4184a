-- Lines that came out different, absent ones as 0. Grain: one line. Units: listens. Relations: lines, published.
CREATE TABLE differences AS
SELECT artist_id, track_id, country, tier, coalesce(p.listens, 0) AS listens_was, coalesce(l.listens, 0) AS listens_now,
  coalesce(p.qualified_listens, 0) AS qualified_was, coalesce(l.qualified_listens, 0) AS qualified_now
FROM lines l FULL JOIN published p USING (artist_id, track_id, country, tier)
WHERE l.listens IS DISTINCT FROM p.listens OR l.qualified_listens IS DISTINCT FROM p.qualified_listens
