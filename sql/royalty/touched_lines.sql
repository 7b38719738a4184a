-- The lines of which the ledger gained or lost rows since their period was last published. Filled by touched_lines_add.
-- Grain: period, artist_id, track_id, country, tier; may repeat.
CREATE OR REPLACE TABLE touched_lines (period VARCHAR, artist_id VARCHAR, track_id VARCHAR, country VARCHAR, tier VARCHAR)
