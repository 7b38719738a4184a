-- Rows of the keys that are written anew or have nothing any more. Grain: one row of the table. Relations: standing,
-- differs.
INSERT INTO gone
SELECT s._file, s._pos FROM standing s SEMI JOIN differs d
  ON s.day IS NOT DISTINCT FROM d.day AND s.artist_id IS NOT DISTINCT FROM d.artist_id AND s.track_id IS NOT DISTINCT FROM d.track_id
  AND s.country IS NOT DISTINCT FROM d.country AND s.device IS NOT DISTINCT FROM d.device
