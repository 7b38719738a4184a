-- Whole days to write anew. Grain: one row of the table. Relations: exact, differs, scope (days).
INSERT INTO rewritten
FROM exact WHERE day IN (SELECT day FROM differs) AND day IN (SELECT day FROM scope)
