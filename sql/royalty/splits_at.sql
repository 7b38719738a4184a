-- The version of the splits that hold. Grain: one row. Parameters: $1 version.
CREATE OR REPLACE TABLE splits_at AS SELECT $1::BIGINT AS version
