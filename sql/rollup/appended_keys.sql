-- The deltas that are added as they are where keys are rewritten. Grain: one row of the table. Relations: deltas,
-- differs.
CREATE OR REPLACE VIEW appended AS
SELECT c.* FROM deltas c ANTI JOIN differs d
  ON c.day = d.day AND c.artist_id = d.artist_id AND c.track_id IS NOT DISTINCT FROM d.track_id
  AND c.country IS NOT DISTINCT FROM d.country AND c.device IS NOT DISTINCT FROM d.device
