-- The splits in force: for each track those of the newest version that names it, of the versions up to the one in
-- splits_at. A view, so that it streams: there may be millions. Grain: one party of a track in one role for some dates.
-- A version that took splits back has one row of the track, without a party.
-- Units: basis points of 10,000. Relations: all_splits (royalty_splits), splits_at (one row: version).
CREATE OR REPLACE VIEW splits AS
WITH newest AS (
  SELECT track_id, max(version) AS version FROM all_splits
  WHERE version <= (SELECT version FROM splits_at)
  GROUP BY track_id
)
SELECT track_id, party, role, basis_points, effective_from, effective_to
FROM all_splits SEMI JOIN newest USING (track_id, version)
WHERE party IS NOT NULL
