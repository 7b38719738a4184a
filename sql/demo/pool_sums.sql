-- What was paid out of each pool of a period. Grain: one pool. Units: minor units of the pool's currency.
-- Relations: payouts (royalty_payouts). Parameters: $1 period.
SELECT country, tier, currency, CAST(sum(amount_minor) AS BIGINT)
FROM payouts WHERE period = $1
GROUP BY ALL ORDER BY ALL
