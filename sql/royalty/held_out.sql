-- Adds lines to those that wait: of groups that would see the differences of too few people, and lines linked to these.
-- Run until it adds none. What is left of lines that nothing is told of counts as the fewest people who can account for
-- it.
-- Grain: one line. Relations: main.held_groups, main.held_keys, main.held_people, main.held_links, main.held_out.
-- Parameters: $1 people, $2 to $5 rows that one to four people account for at most.
INSERT INTO main.held_out
WITH open AS (
  SELECT g.grp, k.key_id, k.rest FROM main.held_groups g JOIN main.held_keys k USING (key_id) ANTI JOIN main.held_out USING (key_id)
), people AS (
  SELECT grp, count(DISTINCT person) AS n FROM open JOIN main.held_people USING (key_id) GROUP BY grp
), rests AS (
  SELECT grp, CAST(sum(rest) AS BIGINT) AS rest FROM open GROUP BY grp
), few AS (
  SELECT grp FROM rests LEFT JOIN people USING (grp)
  WHERE coalesce(n, 0) + (rest > 0)::BIGINT + (rest > $2::BIGINT)::BIGINT + (rest > $3::BIGINT)::BIGINT + (rest > $4::BIGINT)::BIGINT + (rest > $5::BIGINT)::BIGINT < $1::BIGINT
)
SELECT DISTINCT key_id FROM (
  SELECT key_id FROM open SEMI JOIN few USING (grp)
  UNION ALL
  SELECT other FROM main.held_links JOIN main.held_out o ON o.key_id = one WHERE other NOT IN (SELECT key_id FROM main.held_out))
