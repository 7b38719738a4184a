-- The newest version of the rules, in order. Grain: one rule. Relations: rules (royalty_rules).
-- Parameters: $1 the newest version to look at; NULL = all.
SELECT version, id, coalesce(track_id, '') AS track_id, coalesce(artist_id, '') AS artist_id, coalesce(country, '') AS country,
  coalesce(tier, '') AS tier, coalesce(device, '') AS device, coalesce(strftime(effective_from, '%Y-%m-%d'), '') AS effective_from,
  coalesce(strftime(effective_to, '%Y-%m-%d'), '') AS effective_to, counts, coalesce(min_ms_played, 0) AS min_ms_played,
  coalesce(min_fraction_e4, 0) AS min_fraction_e4
FROM rules WHERE version = (SELECT max(version) FROM rules WHERE coalesce(version <= $1::BIGINT, true))
ORDER BY position
