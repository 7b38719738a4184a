-- The periods that the money is for: the exported one, and those that it corrects. Grain: one period. Relations:
-- adjustments.
-- Parameters: $1 the exported period.
SELECT $1::VARCHAR AS period UNION SELECT origin_period FROM adjustments WHERE kind IN ('payout', 'share') ORDER BY period
