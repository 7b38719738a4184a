-- Of the rows that a table has of the touched artists those in the days of scope. Grain: one row of the table.
-- Relations: touched_stood, scope (days).
CREATE OR REPLACE VIEW standing AS FROM touched_stood WHERE day IN (SELECT day FROM scope)
