-- Adds ledger rows of copies that are in the ledger and still in listens_duplicates, after a run that ended early.
-- Grain: one row a ledger row. Relations: ledger_hits, duplicates, ledger.
INSERT INTO ledger_hits
SELECT hash(l.listen_id), l.event_time, l._file
FROM ledger l SEMI JOIN duplicates USING (listen_id, source_topic, source_partition, source_offset)
