-- The newest version of the splits; 0 when there is none. Grain: one row. Relations: all_splits (royalty_splits).
SELECT coalesce(max(version), 0) FROM all_splits
