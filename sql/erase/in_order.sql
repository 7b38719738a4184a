-- The rows that a table loses, file by file. Parameters: $1 the table's name. Grain: one row. Relations: hits.
SELECT DISTINCT _file, _pos FROM hits WHERE tbl = $1 ORDER BY _file, _pos
