-- How many lines are posted and wait, and how many people they are about, at least. Grain: one row.
-- Relations: main.held_keys, main.held_out, main.held_people. Parameters: $1 to $4 rows that one to four people account
-- for at most.
SELECT count(*) FILTER (WHERE differs AND key_id NOT IN (SELECT key_id FROM main.held_out)),
  count(*) FILTER (WHERE differs AND key_id IN (SELECT key_id FROM main.held_out)),
  (SELECT count(DISTINCT person) FROM main.held_people)
    + (coalesce(sum(rest), 0) > 0)::BIGINT + (coalesce(sum(rest), 0) > $1::BIGINT)::BIGINT + (coalesce(sum(rest), 0) > $2::BIGINT)::BIGINT
    + (coalesce(sum(rest), 0) > $3::BIGINT)::BIGINT + (coalesce(sum(rest), 0) > $4::BIGINT)::BIGINT
FROM main.held_keys
