-- The pools in force: for each period those of the newest version that names it. Grain: one pool.
-- Units: minor units. Relations: all_pools (royalty_pools).
SELECT version, period, country, tier, currency, amount_minor
FROM all_pools
QUALIFY version = max(version) OVER (PARTITION BY period)
ORDER BY period, country, tier, currency
