-- The listens that would count had nothing been erased: those that count now without the copies that took the place
-- of erased ones, and the erased ones as they were counted at the start. Grain: one listen.
-- Relations: listens_was, listens_now (ledger rows of one period), main.erased (ids).
CREATE VIEW listens_of_step AS
SELECT * FROM listens_now ANTI JOIN main.erased USING (listen_id)
UNION ALL
SELECT * FROM listens_was SEMI JOIN main.erased USING (listen_id)
