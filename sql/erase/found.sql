-- How many rows of a table are to be deleted. Parameters: $1 the table's name. Grain: one row. Relations: hits.
SELECT count(DISTINCT (_file, _pos)) FROM hits WHERE tbl = $1
