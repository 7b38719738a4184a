-- Exact days in which another copy of a listen counts now, and no row was erased since. Grain: one UTC day. Filled by
-- the job.
CREATE OR REPLACE TABLE moved (day DATE)
