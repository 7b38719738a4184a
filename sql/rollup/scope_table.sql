-- The days that are compared with what counts. Grain: one UTC day. Filled by the job.
CREATE TABLE scope (day DATE)
