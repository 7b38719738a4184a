-- The lines with their place in the table. Grain: one line. Relations: lines.
CREATE OR REPLACE VIEW line_rows AS SELECT rowid AS place, * FROM lines
