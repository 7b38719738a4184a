-- Whether differences of a closed period were posted since, by a run that was never published. Grain: one row.
-- Relations: adjustments (royalty_adjustments), adjustments_then (the same as a published run left it), runs
-- (royalty_runs).
-- Parameters: $1 period.
SELECT count(*) > 0 FROM (
  SELECT run_id FROM adjustments WHERE origin_period = $1 AND run_id NOT IN (SELECT run_id FROM runs WHERE run_id IS NOT NULL)
  EXCEPT SELECT run_id FROM adjustments_then WHERE origin_period = $1)
