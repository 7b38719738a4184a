-- The royalty lines of a run. Grain: one (period, artist_id, track_id, country, tier). Units: listens.
CREATE OR REPLACE TABLE lines (period VARCHAR, artist_id VARCHAR, track_id VARCHAR, country VARCHAR, tier VARCHAR, listens BIGINT, qualified_listens BIGINT)
