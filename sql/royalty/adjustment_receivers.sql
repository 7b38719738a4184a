-- The periods that this run posts to. Grain: one posted period. Relations: adjustment_rows.
SELECT DISTINCT posted_period FROM adjustment_rows ORDER BY posted_period
