-- Listens and qualified listens of all lines. Grain: one row. Relations: lines.
SELECT CAST(coalesce(sum(listens), 0) AS BIGINT), CAST(coalesce(sum(qualified_listens), 0) AS BIGINT) FROM lines
