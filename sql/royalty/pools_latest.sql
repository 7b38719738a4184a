-- The pools in force: for each period those of the newest version that names it. Grain: one pool, or one period whose
-- pools that version took back: its row has no currency.
-- Units: minor units. Relations: all_pools (royalty_pools). Parameters: $1 the newest version to look at; NULL = all.
SELECT version, period, coalesce(country, '') AS country, coalesce(tier, '') AS tier, coalesce(currency, '') AS currency,
  coalesce(amount_minor, 0) AS amount_minor
FROM all_pools p
WHERE coalesce(version <= $1::BIGINT, true)
QUALIFY version = max(version) OVER (PARTITION BY period)
ORDER BY period, p.country, p.tier, p.currency
