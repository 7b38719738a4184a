-- Whether the splits of a track of an erased listen, or of one that waits, change within a month. Grain: one row.
-- Relations: splits, main.erased_keys_fresh, main.waiting_lines. Parameters: $1 period.
SELECT count(*) > 0
FROM splits SEMI JOIN (SELECT track_id FROM main.erased_keys_fresh UNION SELECT track_id FROM main.waiting_lines) USING (track_id)
WHERE effective_from > CAST($1 || '-01' AS DATE) AND effective_from < CAST($1 || '-01' AS DATE) + INTERVAL 1 MONTH
  OR effective_to > CAST($1 || '-01' AS DATE) AND effective_to < CAST($1 || '-01' AS DATE) + INTERVAL 1 MONTH
