-- Rows of royalty_adjustments by period: differences of it that were posted, that are held back, and those of earlier
-- periods that were posted to it. Grain: one period. Relations: adjustments (royalty_adjustments).
-- Parameters: $1 the posted period of what is held back.
SELECT period, CAST(sum(c.posted) AS BIGINT) AS posted, CAST(sum(c.held) AS BIGINT) AS held, CAST(sum(c.here) AS BIGINT) AS here
FROM (
  SELECT origin_period AS period, (posted_period <> $1)::BIGINT AS posted, (posted_period = $1)::BIGINT AS held, 0 AS here FROM adjustments
  UNION ALL
  SELECT posted_period, 0, 0, 1 FROM adjustments WHERE posted_period <> $1) c
GROUP BY period ORDER BY period
