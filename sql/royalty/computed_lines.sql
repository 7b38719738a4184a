-- The computed lines of one period. Grain: that of lines. Relations: main.lines. Parameters: $1 period.
CREATE TABLE lines AS SELECT * FROM main.lines WHERE period = $1
