-- The erased listens that stay in for one step. Grain: one listen. Relations: main.erased.
CREATE OR REPLACE TABLE main.kept_in AS SELECT listen_id FROM main.erased
