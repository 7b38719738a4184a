-- The days that are compared row by row. Grain: one UTC day, in days since 1970. Filled by the job.
CREATE OR REPLACE TABLE torn (day BIGINT)
