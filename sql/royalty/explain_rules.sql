-- The rules of one version, in order. Grain: one rule. Parameters: $1 version. Relations: rules (royalty_rules).
SELECT id, coalesce(track_id, ''), coalesce(artist_id, ''), coalesce(country, ''), coalesce(tier, ''), coalesce(device, ''),
  coalesce(strftime(effective_from, '%Y-%m-%d'), ''), coalesce(strftime(effective_to, '%Y-%m-%d'), ''),
  counts, coalesce(min_ms_played, 0), coalesce(min_fraction_e4, 0)
FROM rules WHERE version = $1
ORDER BY position
