-- Rows that listens_duplicates loses because the copy counts now. They go once the ledger has it.
-- Grain: one row a duplicates row, as (_file, _pos). Relations: copies.
SELECT duplicate_file, duplicate_pos FROM copies WHERE rank = 1 AND duplicate_file IS NOT NULL
