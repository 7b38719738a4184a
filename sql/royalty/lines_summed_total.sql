-- How many listens the lines of one period have together, and how many lines no listens can have.
-- Grain: one row. Units: listens, lines. Relations: lines. Parameters: $1 the period.
SELECT coalesce(CAST(sum(listens) AS BIGINT), 0) AS listens,
  count(*) FILTER (WHERE listens < 1 OR qualified_listens < 0 OR qualified_listens > listens) AS impossible
FROM lines WHERE period = $1
