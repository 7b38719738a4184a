-- Ids whose counted copy was erased while other copies are on record, with the event days to find these in: the twin
-- of orphans.sql. The ledger is only looked through for the ids of the duplicates.
-- Grain: one row an id and day. Relations: duplicates (listens_duplicates), ledger (listens_counted).
SELECT DISTINCT d.listen_id, date_diff('day', DATE '1970-01-01', CAST(d.event_time AS date))
FROM duplicates d LEFT JOIN (
  SELECT DISTINCT listen_id FROM ledger WHERE listen_id IN (SELECT listen_id FROM duplicates)
) l ON l.listen_id = d.listen_id
WHERE l.listen_id IS NULL
