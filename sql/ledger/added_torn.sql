-- The new copies: all rows of files that hold nothing else, and those of the torn days that the ledger tables do not
-- have. The latter are held: to find them again with every use costs more. Several statements, no parameters.
-- Grain: one archived copy. Relations: added_whole (files of listens), unrecorded.
CREATE OR REPLACE TABLE added_here AS
SELECT a.*
FROM unrecorded a;
CREATE OR REPLACE VIEW added AS
SELECT * FROM added_whole UNION ALL SELECT * FROM added_here;
