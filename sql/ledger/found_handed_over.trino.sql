-- Ledger rows of copies that are in the ledger and still in listens_duplicates, after a run that ended early: the twin
-- of hits_handed_over.sql. Grain: one ledger row. Relations: ledger (listens_counted), duplicates (listens_duplicates).
SELECT l.listen_id, l.event_time, l._file
FROM ledger l JOIN duplicates d
  ON d.listen_id = l.listen_id AND d.source_topic = l.source_topic AND d.source_partition = l.source_partition AND d.source_offset = l.source_offset
