-- How many listens lines lost and gained, line for line. Grain: one row. Units: listens, qualified listens.
-- Relations: differences.
SELECT CAST(coalesce(sum(greatest(listens_was - listens_now, 0)), 0) AS BIGINT), CAST(coalesce(sum(greatest(listens_now - listens_was, 0)), 0) AS BIGINT),
  CAST(coalesce(sum(greatest(qualified_was - qualified_now, 0)), 0) AS BIGINT), CAST(coalesce(sum(greatest(qualified_now - qualified_was, 0)), 0) AS BIGINT)
FROM differences
