-- What the people who are told leave of the lines that differ. plain: lines only lost listens. Grain: one row. Units:
-- listens.
-- Relations: main.held_keys.
SELECT CAST(coalesce(sum(rest), 0) AS BIGINT), CAST(coalesce(-sum(rest_listens) FILTER (WHERE NOT told), 0) AS BIGINT),
  coalesce(bool_and(rest_listens <= 0 AND rest_qualified <= 0 AND rest_qualified >= rest_listens) FILTER (WHERE NOT told), true)
FROM main.held_keys
