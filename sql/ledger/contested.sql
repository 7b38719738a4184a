-- Ids that more than one of the copies at hand claims, as hashes: half the memory of the ids. Two ids of one hash
-- are contested for nothing, and the ranking tells them apart. Grouping every id takes memory or spill, so it
-- goes by slices of the hashes.
-- Grain: one row a hash. Relations: contested, fresh (copies). Parameters: $1 number of
-- slices, a power of two, less one; $2 this slice, from 0.
INSERT INTO contested
SELECT id_hash FROM (SELECT hash(listen_id) AS id_hash FROM fresh)
WHERE id_hash & $1::UBIGINT = $2::UBIGINT
GROUP BY id_hash HAVING count(*) > 1
