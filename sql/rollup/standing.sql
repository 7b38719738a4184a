-- The rows that a table has in the days of scope, in the shape of all tables. Several statements, no parameters.
-- Grain: one row of the table.
-- Relations: nothing, stood (files of the table), scope (days).
CREATE OR REPLACE TABLE scope_stood AS
SELECT * EXCLUDE (day), coalesce(day, CAST(make_timestamp(epoch_us(hour)) AS DATE)) AS day
FROM (FROM nothing UNION ALL BY NAME FROM stood)
WHERE coalesce(day, CAST(make_timestamp(epoch_us(hour)) AS DATE)) IN (SELECT day FROM scope);
CREATE OR REPLACE VIEW standing AS FROM scope_stood
