-- How many rows the new file should have, how many it has, and how many are the same in all columns at the same place.
-- Grain: one row. Relations: merged, written (the new file).
SELECT (SELECT count(*) FROM merged), (SELECT count(*) FROM written), count(*)
FROM (SELECT place, hash(*COLUMNS(* EXCLUDE (_file, _pos, place))) AS digest FROM merged) m
JOIN (SELECT _pos, hash(*COLUMNS(* EXCLUDE (_file, _pos))) AS digest FROM written) w ON m.place = w._pos AND m.digest = w.digest
