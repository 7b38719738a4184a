-- What the ledger's commits changed in the lines of their periods since these were last published. Filled by
-- line_changes_add. Grain: base, period, artist_id, track_id, country, tier; may repeat.
-- Units: base is a snapshot id of the ledger; listens, signed.
CREATE OR REPLACE TABLE line_changes (base BIGINT, period VARCHAR, artist_id VARCHAR, track_id VARCHAR, country VARCHAR, tier VARCHAR, listens BIGINT, qualified_listens BIGINT)
