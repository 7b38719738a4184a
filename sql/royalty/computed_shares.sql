-- The computed shares of one period. Grain: that of shares. Relations: main.shares. Parameters: $1 period.
CREATE TABLE shares AS SELECT * FROM main.shares WHERE period = $1
