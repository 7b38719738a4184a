-- Ids whose counted copy was erased while other copies are on record, with the event days to find these in. The
-- ledger is only looked through for the ids of the duplicates: a table of all of its ids would not fit in memory.
-- Grain: one row an id and day. Relations: duplicates, ledger.
CREATE TABLE orphans AS
SELECT DISTINCT listen_id, date_diff('day', DATE '1970-01-01', CAST(event_time AS DATE)) AS day
FROM duplicates ANTI JOIN (
  SELECT listen_id FROM ledger SEMI JOIN (SELECT DISTINCT listen_id FROM duplicates) USING (listen_id)
) USING (listen_id)
