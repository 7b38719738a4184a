-- The plays that go, where they are of at least $1 people: each listen once, as the ledger has it where it does. At
-- most the $2 of most people. Grain: one row, a JSON list of day, artist_id, track_id, plays, ms_played; empty for
-- none. Units: ms_played in milliseconds. Parameters: $1 people, $2 entries. Relations: hits, wanted.
WITH listens AS (
  SELECT h.day, h.artist_id, h.track_id, h.ms_played, w.user_id
  FROM hits h JOIN wanted w ON w.ord = h.ord
  WHERE h.tbl IN ('listens', 'listens_counted') AND h.listen_id IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY h.listen_id ORDER BY h.tbl <> 'listens_counted', h._file, h._pos, h.ord) = 1
), sums AS (
  SELECT day, artist_id, track_id, count(*) AS plays, CAST(sum(ms_played) AS BIGINT) AS ms_played
  FROM listens GROUP BY ALL HAVING count(DISTINCT user_id) >= $1
  ORDER BY count(DISTINCT user_id) DESC, day, artist_id, track_id LIMIT $2
)
SELECT coalesce(CAST(to_json(list({day: strftime(day, '%Y-%m-%d'), artist_id: artist_id, track_id: track_id, plays: plays, ms_played: ms_played}
  ORDER BY day, artist_id, track_id)) AS VARCHAR), '')
FROM sums
