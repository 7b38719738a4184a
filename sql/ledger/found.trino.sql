-- Ledger rows whose id one of the new copies claims: the twin of hits.sql.
-- Grain: one ledger row. Relations: copies (new files of listens), ledger (listens_counted). Parameters, each a ?: when
-- the event times of these files begin, and when they have ended.
SELECT listen_id, event_time, _file
FROM ledger
WHERE listen_id IN (SELECT listen_id FROM copies WHERE event_time >= ? AND event_time < ?)
