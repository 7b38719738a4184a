-- Rows that listens_duplicates loses because the copy counts now. They go once the ledger has it.
-- Grain: one row a duplicates row, as (_file, _pos). Relations: copies.
CREATE VIEW duplicates_handed_over AS
SELECT duplicate_file AS _file, duplicate_pos AS _pos FROM copies WHERE rank = 1 AND duplicate_file IS NOT NULL
