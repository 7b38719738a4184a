-- How many rows are posted and held back. Grain: one origin period. Relations: adjustment_rows.
-- Parameters: $1 the posted period of what is held back.
SELECT origin_period, count(*) FILTER (WHERE posted_period <> $1), count(*) FILTER (WHERE posted_period = $1)
FROM adjustment_rows GROUP BY origin_period
