-- The pools to share out. Grain: one pool of one period. Units: minor units of the currency. Filled by the job.
CREATE OR REPLACE TABLE pools (period VARCHAR, country VARCHAR, tier VARCHAR, currency VARCHAR, amount_minor BIGINT)
