-- The differences in order. Grain: one kind, cause and key. Units: listens; minor units, signed. Relations:
-- differences.
-- Parameters: $1 at most so many.
SELECT kind, cause, artist_id, track_id, country, tier, coalesce(currency, '') AS currency, coalesce(party, '') AS party, coalesce(role, '') AS role,
  coalesce(listens, 0) AS listens, coalesce(qualified_listens, 0) AS qualified_listens, coalesce(amount_minor, 0) AS amount_minor
FROM differences d
ORDER BY kind, artist_id, track_id, country, tier, d.currency, d.party, d.role, cause
LIMIT $1
