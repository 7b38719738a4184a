-- Lines summed by period, with the places they lie at. Grain: one row a period. Units: listens.
-- Relations: line_rows (lines in the order of the checksum with their place, from 0).
SELECT period, count(*) AS lines, CAST(sum(r.listens) AS BIGINT) AS listens, CAST(sum(r.qualified_listens) AS BIGINT) AS qualified_listens,
  min(place) AS place, max(place) + 1 AS place_after
FROM line_rows r GROUP BY period ORDER BY period
