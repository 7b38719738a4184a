-- Takes out the values that listens have. What is named goes first, so that the listens are only scanned.
-- Grain: one value. Relations: named, heard_values (value). Parameters: $1 the column that heard_values is.
DELETE FROM named
WHERE field = $1 AND value IN (SELECT DISTINCT value FROM heard_values SEMI JOIN (SELECT value FROM named WHERE field = $1) USING (value))
