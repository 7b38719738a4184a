-- Lines summed by period, with the places they lie at. Grain: one row a period. Units: listens.
-- Relations: line_rows (lines in the order of the checksum with their place, from 0).
SELECT period, count(*), CAST(sum(listens) AS BIGINT), CAST(sum(qualified_listens) AS BIGINT), min(place), max(place) + 1
FROM line_rows GROUP BY period ORDER BY period
