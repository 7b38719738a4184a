-- The royalty lines of the period. heard/length >= fraction is heard * 10000 >= fraction_e4 * length, in integers.
-- Grain: one artist, track, country and tier. Units: listens. Relations: counted, kinds, ruling.
CREATE TABLE lines AS
SELECT c.artist_id, c.track_id, c.country, c.tier, CAST(count(*) AS BIGINT) AS listens,
  CAST(count(*) FILTER (WHERE r.counts AND (c.ms_played >= r.min_ms_played
    OR r.min_fraction_e4 > 0 AND 10000 * CAST(c.ms_played AS BIGINT) >= r.min_fraction_e4 * CAST(c.track_ms AS BIGINT))) AS BIGINT) AS qualified_listens
FROM counted c
LEFT JOIN kinds k ON k.track_id = c.track_id AND k.artist_id = c.artist_id AND k.country = c.country AND k.tier = c.tier
  AND k.device = c.device AND k.day = CAST(c.event_time AS DATE)
LEFT JOIN ruling r ON r.position = k.decided_by
GROUP BY ALL
