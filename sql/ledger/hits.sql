-- Ledger rows whose id one of the new copies claims: one scan of two columns finds them, and what else there is
-- to know about them is read from their files alone.
-- Grain: one row a ledger row. Relations: fresh (new copies), ledger.
CREATE TABLE ledger_hits AS
SELECT hash(l.listen_id) AS id_hash, l.event_time, l._file
FROM ledger l SEMI JOIN (SELECT hash(listen_id) AS id_hash FROM fresh) f ON hash(l.listen_id) = f.id_hash
