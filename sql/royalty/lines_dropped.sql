-- Drops the lines of one period, so that they can be counted anew. Grain: one line. Relations: lines.
-- Parameters: $1 the period.
DELETE FROM lines WHERE period = $1
