-- The rules of one version. Grain: one rule. Units: milliseconds, ten-thousandths. Parameters: $1 version.
-- Relations: rules (royalty_rules).
CREATE TABLE ruling AS
SELECT position, track_id, artist_id, country, tier, device, effective_from, effective_to, counts,
  coalesce(min_ms_played, 0) AS min_ms_played, coalesce(min_fraction_e4, 0) AS min_fraction_e4
FROM rules WHERE version = $1
