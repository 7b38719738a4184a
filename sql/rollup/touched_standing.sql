-- The rows that a table has of the touched artists in the days of scope, in the shape of all tables.
-- Grain: one row of the table. Relations: nothing, stood (files of the table), scope (days), touched.
CREATE OR REPLACE TABLE touched_stood AS
SELECT s.* FROM (
  SELECT * EXCLUDE (day), coalesce(day, CAST(make_timestamp(epoch_us(hour)) AS DATE)) AS day
  FROM (FROM nothing UNION ALL BY NAME FROM stood)
) s SEMI JOIN (FROM touched WHERE day IN (SELECT day FROM scope)) t ON s.day = t.day AND s.artist_id = t.artist_id
