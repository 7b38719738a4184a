-- Whether splits say anything else than what is in force for the tracks they name; rows without a party take splits
-- back.
-- Grain: one row.
-- Rows of a file and of a version are distinct, so sets are enough. Relations: applied (royalty_splits' columns),
-- splits.
WITH wanted AS (
  SELECT track_id, party, role, basis_points, effective_from, effective_to FROM applied WHERE party IS NOT NULL
), in_force AS (
  FROM splits SEMI JOIN applied USING (track_id)
)
SELECT EXISTS ((FROM wanted EXCEPT FROM in_force) UNION ALL (FROM in_force EXCEPT FROM wanted))
