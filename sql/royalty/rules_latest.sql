-- The newest version of the rules, in order. Grain: one rule. Relations: rules (royalty_rules).
-- Parameters: $1 the newest version to look at; NULL = all.
SELECT version, id, coalesce(track_id, ''), coalesce(artist_id, ''), coalesce(country, ''), coalesce(tier, ''), coalesce(device, ''),
  coalesce(strftime(effective_from, '%Y-%m-%d'), ''), coalesce(strftime(effective_to, '%Y-%m-%d'), ''),
  counts, coalesce(min_ms_played, 0), coalesce(min_fraction_e4, 0)
FROM rules WHERE version = (SELECT max(version) FROM rules WHERE coalesce(version <= $1::BIGINT, true))
ORDER BY position
