-- The pools of before and of now. Grain: one pool, which may come twice. Filled by the job.
CREATE OR REPLACE TABLE main.held_pools (country VARCHAR, tier VARCHAR, currency VARCHAR)
