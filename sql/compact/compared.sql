-- How many rows the new files should have, how many they have, and how many are the same in all columns at the same
-- place. Grain: one row. Relations: merged, written (the new files), starts.
SELECT (SELECT count(*) FROM merged), (SELECT count(*) FROM written), count(*)
FROM (SELECT place, hash(*COLUMNS(* EXCLUDE (_file, _pos, place))) AS digest FROM merged) m
JOIN (SELECT _file, _pos, hash(*COLUMNS(* EXCLUDE (_file, _pos))) AS digest FROM written) w ON m.digest = w.digest
JOIN starts ON starts.path = w._file AND m.place = starts.first + w._pos
