-- Rows that were deleted while they were written anew. Creates fresh. Grain: one row. Relations: none.
CREATE OR REPLACE TABLE fresh (path VARCHAR, pos BIGINT)
