-- Listens of which a copy that did not count says something else than the one that counts, over all periods.
-- Grain: one row. Relations: duplicates (listens_duplicates).
SELECT count(DISTINCT listen_id) FROM duplicates WHERE payload_conflict
