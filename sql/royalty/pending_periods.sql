-- The closed periods with rows that an earlier version left waiting. Grain: one period. Relations: pending
-- (royalty_adjustments).
SELECT DISTINCT origin_period FROM pending
