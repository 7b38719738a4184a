-- The days that are compared with what counts. Grain: one UTC day. Filled by the job.
CREATE OR REPLACE TABLE scope (day DATE)
