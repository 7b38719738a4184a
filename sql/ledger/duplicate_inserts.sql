-- Rows that listens_duplicates gains. Grain: one row a copy. Relations: losers.
CREATE TABLE duplicate_inserts AS SELECT * EXCLUDE (unchanged) FROM losers WHERE NOT unchanged
