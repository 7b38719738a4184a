-- The relations of an erasure of which nothing is told. Run as one; no parameters.
-- Grain: main.touched_fresh, main.touched_told: one line and person; main.erased_keys_fresh: one listen and line.
CREATE OR REPLACE TABLE main.touched_fresh (artist_id VARCHAR, track_id VARCHAR, country VARCHAR, tier VARCHAR, person VARCHAR, listens BIGINT, qualified BIGINT);
CREATE OR REPLACE TABLE main.touched_told AS FROM main.touched_fresh;
CREATE OR REPLACE TABLE main.erased_keys_fresh (listen_id VARCHAR, artist_id VARCHAR, track_id VARCHAR, country VARCHAR, tier VARCHAR)
