-- Pools that no qualified listen earned. Grain: one row a pool. Units: minor units. Relations: pools, payouts.
SELECT period, country, tier, currency, amount_minor
FROM pools ANTI JOIN payouts USING (period, country, tier, currency)
ORDER BY ALL
