-- What was posted, without the rows of an earlier version that wait for a period ('pending').
-- Grain: one posted difference. Units: listens; minor units of the currency. Relations: adjustments_read
-- (royalty_adjustments).
CREATE OR REPLACE VIEW adjustments AS SELECT * FROM adjustments_read WHERE posted_period <> 'pending'
