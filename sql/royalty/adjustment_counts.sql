-- How many differences are posted and wait. Grain: one origin period. Relations: differences.
-- Parameters: $1 the cause of what waits.
SELECT period, count(*) FILTER (WHERE cause <> $1), count(*) FILTER (WHERE cause = $1)
FROM differences GROUP BY period
