-- Rows to delete. A row that several requests cover counts for the first of them.
-- Grain: one table and request. Relations: hits.
SELECT tbl, ord, count(*)
FROM (SELECT tbl, min(ord) AS ord FROM hits GROUP BY tbl, _file, _pos)
GROUP BY tbl, ord ORDER BY tbl, ord
