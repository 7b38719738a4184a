-- The splits that bear on the payouts, cut to the month of each. Grain: one party of a track in one role for some
-- days of a period. Units: basis points of 10,000; day_from inclusive, day_to exclusive. dated: they do not all last
-- the whole month. Relations: shares_payouts (payouts), splits.
CREATE OR REPLACE TABLE shares_terms AS
WITH paid AS (
  SELECT DISTINCT period, track_id, CAST(period || '-01' AS DATE) AS first_day,
    CAST(CAST(period || '-01' AS DATE) + INTERVAL 1 MONTH AS DATE) AS next_month
  FROM shares_payouts
), cut AS (
  SELECT period, track_id, party, role, basis_points, first_day, next_month,
    greatest(coalesce(effective_from, first_day), first_day) AS day_from,
    least(coalesce(effective_to, next_month), next_month) AS day_to
  FROM paid JOIN splits USING (track_id)
), dated AS (
  SELECT DISTINCT period, track_id, true AS dated FROM cut
  WHERE day_from < day_to AND (day_from > first_day OR day_to < next_month)
)
SELECT period, track_id, party, role, basis_points, day_from, day_to, coalesce(dated, false) AS dated
FROM cut LEFT JOIN dated USING (period, track_id)
WHERE day_from < day_to
