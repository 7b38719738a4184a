-- Adds to the contested hashes those of new copies whose id the ledger or the duplicates know already.
-- Grain: one row a hash. Relations: contested, fresh (new copies), ledger_hits, duplicates.
INSERT INTO contested
(
  SELECT id_hash FROM ledger_hits
  UNION
  SELECT hash(d.listen_id)
  FROM duplicates d SEMI JOIN (SELECT hash(listen_id) AS id_hash FROM fresh) f ON hash(d.listen_id) = f.id_hash
)
EXCEPT SELECT id_hash FROM contested
