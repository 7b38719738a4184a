-- Rows of the new files, as Trino sees them and as they are. Grain: one row.
-- Relations: ledger_seen, added (new copies).
SELECT coalesce((SELECT sum(copies) FROM ledger_seen), 0)::BIGINT, (SELECT count(*) FROM added)
