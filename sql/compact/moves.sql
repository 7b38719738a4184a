-- Where each row of some files of the archive is in the files that another engine made of them. Of rows that are the
-- same in all columns any is as good as another: the first is the first. Creates moves.
-- Grain: one row. Relations: inputs, written (the new files).
CREATE OR REPLACE TABLE moves AS
SELECT i._file AS path, i._pos AS pos, w._file AS new_path, w._pos AS new_pos
FROM (
  SELECT _file, _pos, listen_id, user_id, digest, row_number() OVER (PARTITION BY listen_id, user_id, digest ORDER BY _file, _pos) AS nth
  FROM (SELECT _file, _pos, listen_id, user_id, hash(*COLUMNS(* EXCLUDE (_file, _pos))) AS digest FROM inputs)
) i
JOIN (
  SELECT _file, _pos, listen_id, user_id, digest, row_number() OVER (PARTITION BY listen_id, user_id, digest ORDER BY _file, _pos) AS nth
  FROM (SELECT _file, _pos, listen_id, user_id, hash(*COLUMNS(* EXCLUDE (_file, _pos))) AS digest FROM written)
) w USING (listen_id, user_id, digest, nth)
