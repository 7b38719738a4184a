-- Keys to write anew. Grain: one row of the table. Relations: exact, differs, scope (days).
INSERT INTO rewritten
SELECT e.* FROM exact e SEMI JOIN differs d
  ON e.day = d.day AND e.artist_id = d.artist_id AND e.track_id IS NOT DISTINCT FROM d.track_id
  AND e.country IS NOT DISTINCT FROM d.country AND e.device IS NOT DISTINCT FROM d.device
WHERE e.day IN (SELECT day FROM scope)
