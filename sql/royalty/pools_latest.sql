-- The pools in force: for each period those of the newest version that names it. Grain: one pool, or one period whose pools
-- that version took back: its row has no currency.
-- Units: minor units. Relations: all_pools (royalty_pools). Parameters: $1 the newest version to look at; NULL = all.
SELECT version, period, coalesce(country, ''), coalesce(tier, ''), coalesce(currency, ''), coalesce(amount_minor, 0)
FROM all_pools
WHERE coalesce(version <= $1::BIGINT, true)
QUALIFY version = max(version) OVER (PARTITION BY period)
ORDER BY period, country, tier, currency
