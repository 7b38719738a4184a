-- The spans of days of the ledger that get files of their own, by their first and last days, numbered since 1970.
-- Creates apart. Grain: one span. Relations: none.
CREATE OR REPLACE TABLE apart (first BIGINT, last BIGINT)
