-- What hits.sql makes, of the rows that Trino found.
-- Grain: one row a ledger row. Relations: ledger_found.
CREATE TABLE ledger_hits AS SELECT hash(listen_id) AS id_hash, event_time, _file FROM ledger_found;
DROP TABLE ledger_found;
