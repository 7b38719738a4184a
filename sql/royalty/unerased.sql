-- The listens of a step in which erased ones are still in: those that count now without the copies that took the place
-- of the erased ones, and these as they were counted at the start. Grain: one listen.
-- Relations: listens_was, listens_now (ledger rows of one period), main.kept_in (ids).
CREATE OR REPLACE VIEW listens_of_step AS
SELECT * FROM listens_now ANTI JOIN main.kept_in USING (listen_id)
UNION ALL
SELECT * FROM listens_was SEMI JOIN main.kept_in USING (listen_id)
