-- The files of a table that lose rows, in order of path, and how many. Parameters: $1 the table's name.
-- Grain: one file. Relations: hits.
SELECT _file, count(DISTINCT _pos) FROM hits WHERE tbl = $1 GROUP BY _file ORDER BY _file
