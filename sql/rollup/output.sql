-- The rows to add to a table. Grain: one row of the table. Relations: rewritten, appended.
CREATE OR REPLACE VIEW output AS
FROM rewritten UNION ALL FROM appended
