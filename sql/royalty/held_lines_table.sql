-- The lines that are left out. Grain: one line. Units: listens, signed.
CREATE TABLE held_lines (artist_id VARCHAR, track_id VARCHAR, country VARCHAR, tier VARCHAR, listens BIGINT, qualified_listens BIGINT)
