-- The computed shares of one period, in full. Grain: one party of a payout in one role. Relations: main.full_shares.
-- Parameters: $1 period.
CREATE TABLE full_shares AS SELECT * FROM main.full_shares WHERE period = $1
