-- The rows a table loses in a range of its files. Parameters: $1 the table's name, $2 and $3 the first and last
-- path. Grain: one row. Relations: hits.
SELECT DISTINCT _file, _pos FROM hits WHERE tbl = $1 AND _file BETWEEN $2 AND $3
