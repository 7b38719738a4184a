-- How many rows Trino sees in the new files, to be held against how many there are. Grain: one query.
CREATE TABLE ledger_seen (copies BIGINT)
