-- The place of the first row of each new file. Creates starts. Grain: one new file. Relations: none.
CREATE OR REPLACE TABLE starts (path VARCHAR, first BIGINT)
