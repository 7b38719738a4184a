-- Ids that several archived copies claim: more than one among the new copies, or one that the ledger or the
-- duplicates know already. All other new copies count without a comparison.
-- Grain: one row an id. Relations: fresh (new copies), ledger, duplicates.
CREATE TABLE contested AS
SELECT listen_id FROM fresh GROUP BY listen_id HAVING count(*) > 1
UNION
SELECT listen_id FROM fresh SEMI JOIN ledger USING (listen_id)
UNION
SELECT listen_id FROM fresh SEMI JOIN duplicates USING (listen_id)
