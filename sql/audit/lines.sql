-- The royalty lines of the period. heard/length >= fraction is heard * 10000 >= fraction_e4 * length, in integers.
-- Grain: one artist, track, country and tier. Units: listens. Relations: facets, kinds, ruling.
CREATE TABLE lines AS
SELECT f.artist_id, f.track_id, f.country, f.tier, CAST(count(*) AS BIGINT) AS listens,
  CAST(count(*) FILTER (WHERE r.counts AND (f.ms_played >= r.min_ms_played
    OR r.min_fraction_e4 > 0 AND 10000 * CAST(f.ms_played AS BIGINT) >= r.min_fraction_e4 * CAST(f.track_ms AS BIGINT))) AS BIGINT) AS qualified_listens
FROM facets f
LEFT JOIN kinds k ON k.named_track IS NOT DISTINCT FROM f.named_track AND k.named_artist IS NOT DISTINCT FROM f.named_artist
  AND k.named_country IS NOT DISTINCT FROM f.named_country AND k.named_tier IS NOT DISTINCT FROM f.named_tier
  AND k.named_device IS NOT DISTINCT FROM f.named_device AND k.day IS NOT DISTINCT FROM f.day
LEFT JOIN ruling r ON r.position = k.decided_by
GROUP BY ALL
