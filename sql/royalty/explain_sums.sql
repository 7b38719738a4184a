-- What the explained listens sum to. Grain: one row. Units: listens, qualified listens, copies beside the counted ones.
-- Relations: explained.
SELECT count(*), count(*) FILTER (WHERE qualifies), CAST(coalesce(sum(copies - 1), 0) AS BIGINT) FROM explained
