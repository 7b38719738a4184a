-- Rows that listens_counted loses: they counted so far and a smaller copy counts now.
-- Grain: one row a ledger row, as (_file, _pos). Relations: copies.
SELECT ledger_file, ledger_pos FROM copies WHERE rank > 1 AND ledger_file IS NOT NULL
