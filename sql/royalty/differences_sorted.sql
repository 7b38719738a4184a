-- The differences in order. Grain: one kind, cause and key. Units: listens; minor units, signed. Relations: differences.
-- Parameters: $1 at most so many.
SELECT kind, cause, artist_id, track_id, country, tier, coalesce(currency, ''), coalesce(party, ''), coalesce(role, ''),
  coalesce(listens, 0), coalesce(qualified_listens, 0), coalesce(amount_minor, 0)
FROM differences
ORDER BY kind, artist_id, track_id, country, tier, currency, party, role, cause
LIMIT $1
