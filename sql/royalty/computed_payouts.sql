-- The computed payouts of one period. Grain: that of payouts. Relations: main.payouts. Parameters: $1 period.
CREATE TABLE payouts AS SELECT * FROM main.payouts WHERE period = $1
