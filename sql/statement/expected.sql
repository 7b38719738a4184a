-- What all statements of a period must sum to, from the tables alone. Grain: one pool and origin period.
-- Units: minor units of the currency. Relations: payouts, adjustments. Parameters: $1 period.
SELECT 'payout' AS kind, $1::VARCHAR AS origin_period, country, tier, currency, CAST(sum(p.amount_minor) AS BIGINT) AS amount_minor
FROM payouts p GROUP BY country, tier, currency
UNION ALL
SELECT 'adjustment', origin_period, country, tier, currency, CAST(sum(amount_minor) AS BIGINT)
FROM adjustments WHERE kind = 'payout' GROUP BY origin_period, country, tier, currency
