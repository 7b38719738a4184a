-- Adds the rows that one commit added to the ledger, or takes off those that it took from it, to what changed since one
-- snapshot.
-- Grain: that of line_changes. Units: listens, signed. Relations: line_changes, judged (these rows of listens_counted
-- with the column qualifies).
-- Parameters: $1 the snapshot id, $2 is 1 for rows that came and -1 for rows that went.
INSERT INTO line_changes
SELECT $1::BIGINT AS base, strftime(event_time, '%Y-%m') AS period, artist_id, track_id, country, tier,
  $2::BIGINT * count(*) AS listens,
  $2::BIGINT * count(*) FILTER (WHERE qualifies) AS qualified_listens
FROM judged GROUP BY ALL
