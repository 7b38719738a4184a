-- Tracks whose splits, as they bear on one month, differ between two versions: those whose dates do not touch the month
-- are left out, dates outside it are open. Rows without a party took splits back. Grain: one track. Relations:
-- all_splits (royalty_splits).
-- Parameters: $1, $2 versions; $3 period (YYYY-MM).
WITH named AS (
  SELECT DISTINCT track_id FROM all_splits
  WHERE version > least($1::BIGINT, $2::BIGINT) AND version <= greatest($1::BIGINT, $2::BIGINT)
), month AS (
  SELECT CAST($3 || '-01' AS DATE) AS first_day, CAST(CAST($3 || '-01' AS DATE) + INTERVAL 1 MONTH AS DATE) AS next_month
), bearing AS (
  SELECT version, track_id, party, role, basis_points,
    CASE WHEN effective_from > first_day THEN effective_from END AS effective_from,
    CASE WHEN effective_to < next_month THEN effective_to END AS effective_to,
    coalesce(effective_from < next_month, true) AND coalesce(effective_to > first_day, true) AS touches
  FROM all_splits SEMI JOIN named USING (track_id), month
), newest AS (
  SELECT track_id, max(version) FILTER (WHERE version <= $1::BIGINT) AS one, max(version) FILTER (WHERE version <= $2::BIGINT) AS other
  FROM bearing GROUP BY track_id
), before AS (
  SELECT b.track_id, party, role, basis_points, effective_from, effective_to
  FROM bearing b JOIN newest n ON n.track_id = b.track_id AND n.one = b.version WHERE touches AND party IS NOT NULL
), after AS (
  SELECT b.track_id, party, role, basis_points, effective_from, effective_to
  FROM bearing b JOIN newest n ON n.track_id = b.track_id AND n.other = b.version WHERE touches AND party IS NOT NULL
)
SELECT DISTINCT track_id FROM ((FROM before EXCEPT FROM after) UNION ALL (FROM after EXCEPT FROM before))
