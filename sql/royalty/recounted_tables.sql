-- What Trino recounts from the archive: the lines of all periods, and how many copies it read. Several statements.
-- Grain: of recounted one (period, artist_id, track_id, country, tier) in a slice of the ids, of recounted_copies one
-- row. Units: listens, copies.
CREATE OR REPLACE TABLE recounted (period VARCHAR, artist_id VARCHAR, track_id VARCHAR, country VARCHAR, tier VARCHAR, listens BIGINT, qualified_listens BIGINT);
CREATE OR REPLACE TABLE recounted_copies (copies BIGINT)
