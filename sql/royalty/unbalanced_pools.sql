-- Pools whose parts do not sum to the pool: must be none. Grain: one row a pool. Relations: pools, payouts.
SELECT p.period, p.country, p.tier, p.currency, p.amount_minor, CAST(sum(o.amount_minor) AS BIGINT) AS paid_minor
FROM pools p JOIN payouts o USING (period, country, tier, currency)
GROUP BY ALL HAVING sum(o.amount_minor) <> p.amount_minor
