-- The listens that count, with what rules can tell of them: a value that no rule names is NULL, and so is the UTC day
-- when no rule has dates. So there are few combinations, however many tracks and listens there are.
-- Grain: one listen. Relations: counted, ruling.
CREATE VIEW facets AS
SELECT c.artist_id, c.track_id, c.country, c.tier, c.ms_played, c.track_ms,
  t.track_id AS named_track, a.artist_id AS named_artist, o.country AS named_country, i.tier AS named_tier, d.device AS named_device,
  CASE WHEN (SELECT count(effective_from) + count(effective_to) FROM ruling) > 0 THEN CAST(c.event_time AS DATE) END AS day
FROM counted c
LEFT JOIN (SELECT DISTINCT track_id FROM ruling) t ON t.track_id = c.track_id
LEFT JOIN (SELECT DISTINCT artist_id FROM ruling) a ON a.artist_id = c.artist_id
LEFT JOIN (SELECT DISTINCT country FROM ruling) o ON o.country = c.country
LEFT JOIN (SELECT DISTINCT tier FROM ruling) i ON i.tier = c.tier
LEFT JOIN (SELECT DISTINCT device FROM ruling) d ON d.device = c.device
