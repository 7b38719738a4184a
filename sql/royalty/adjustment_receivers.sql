-- The periods that this run posts to. Grain: one posted period. Relations: adjustment_rows.
-- Parameters: $1 the posted period of what is held back.
SELECT DISTINCT posted_period FROM adjustment_rows WHERE posted_period <> $1 ORDER BY posted_period
