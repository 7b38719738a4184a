-- Event days whose result may change: those of the rows to delete and those of the other recorded copies of the
-- same listens, because another copy may count now.
-- Grain: one request and day. Relations: hits, duplicates (listens_duplicates), counted (listens_counted).
WITH gone AS (
  SELECT DISTINCT ord, listen_id FROM hits WHERE listen_id IS NOT NULL
), unplaced AS ( -- mostly none: a copy counts itself, or is on record with the day of its winner
  FROM gone ANTI JOIN (SELECT listen_id FROM hits WHERE tbl = 'listens_counted') USING (listen_id)
  ANTI JOIN duplicates USING (listen_id)
)
SELECT DISTINCT ord, strftime(day, '%Y-%m-%d') AS day FROM (
  SELECT ord, day FROM hits
  UNION ALL SELECT g.ord, CAST(c.event_time AS DATE) FROM counted c JOIN unplaced g USING (listen_id)
  UNION ALL SELECT g.ord, CAST(d.event_time AS DATE) FROM duplicates d JOIN gone g USING (listen_id)
  UNION ALL SELECT g.ord, CAST(d.winner_event_time AS DATE) FROM duplicates d JOIN gone g USING (listen_id)
)
WHERE day IS NOT NULL ORDER BY ALL
