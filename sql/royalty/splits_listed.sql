-- The splits in force as a file has them. Grain: one party of a track in one role for some dates.
-- Units: basis points of 10,000. Relations: splits.
SELECT track_id, party, role, basis_points, coalesce(strftime(effective_from, '%Y-%m-%d'), '') AS effective_from,
  coalesce(strftime(effective_to, '%Y-%m-%d'), '') AS effective_to
FROM splits s
ORDER BY track_id, s.effective_from NULLS FIRST, party, role
