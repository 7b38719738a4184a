-- The days of ids whose counted copy was erased. Grain: one UTC day, in days since 1970. Relations: orphans.
SELECT DISTINCT day FROM orphans
