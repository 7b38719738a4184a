-- Which rule decides: the first in order that matches. Grain: one combination of facets that some rule matches.
-- Relations: facets, ruling.
CREATE TABLE kinds AS
SELECT k.*, min(r.position) AS decided_by
FROM (SELECT DISTINCT named_track, named_artist, named_country, named_tier, named_device, day FROM facets) k
JOIN ruling r
  ON (r.track_id IS NULL OR r.track_id = k.named_track) AND (r.artist_id IS NULL OR r.artist_id = k.named_artist)
  AND (r.country IS NULL OR r.country = k.named_country) AND (r.tier IS NULL OR r.tier = k.named_tier)
  AND (r.device IS NULL OR r.device = k.named_device)
  AND (r.effective_from IS NULL OR k.day >= r.effective_from) AND (r.effective_to IS NULL OR k.day < r.effective_to)
GROUP BY ALL
