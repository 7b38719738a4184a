-- The days that the next rows are of. Grain: one row.
-- $1 first day, $2 number of days, $3 part of the rows that a day has in full, $4 number that other rows come of.
CREATE OR REPLACE TABLE stretch AS
SELECT CAST($1 AS DATE) AS first, CAST($2 AS INTEGER) AS days, CAST($3 AS DOUBLE) AS share, CAST($4 AS BIGINT) AS salt
