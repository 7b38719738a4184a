-- Ids whose counted copy was erased while other copies are on record, with the event days to find these in.
-- Grain: one row an id and day. Relations: duplicates, ledger.
CREATE TABLE orphans AS
SELECT DISTINCT listen_id, date_diff('day', DATE '1970-01-01', CAST(event_time AS DATE)) AS day
FROM duplicates ANTI JOIN ledger USING (listen_id)
