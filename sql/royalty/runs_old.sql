-- The runs of a table that an earlier version made: which run posted and which one settled is not said. Grain: one run
-- and period.
-- Relations: runs_before (royalty_runs).
CREATE OR REPLACE VIEW runs AS SELECT *, NULL::VARCHAR AS posted_run_id, NULL::VARCHAR AS settled_run_id FROM runs_before
