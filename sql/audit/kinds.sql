-- Which rule decides: the first in order that matches. What a rule matches by are few combinations beside the listens.
-- Days are those of UTC. Grain: one combination that some rule matches. Relations: counted, ruling.
CREATE TABLE kinds AS
SELECT k.track_id, k.artist_id, k.country, k.tier, k.device, k.day, min(r.position) AS decided_by
FROM (SELECT DISTINCT track_id, artist_id, country, tier, device, CAST(event_time AS DATE) AS day FROM counted) k
JOIN ruling r
  ON (r.track_id IS NULL OR r.track_id = k.track_id) AND (r.artist_id IS NULL OR r.artist_id = k.artist_id)
  AND (r.country IS NULL OR r.country = k.country) AND (r.tier IS NULL OR r.tier = k.tier) AND (r.device IS NULL OR r.device = k.device)
  AND (r.effective_from IS NULL OR k.day >= r.effective_from) AND (r.effective_to IS NULL OR k.day < r.effective_to)
GROUP BY ALL
