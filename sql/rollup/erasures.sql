-- Plays that deletions took, of at least five people each time, as deletion_log says. Grain: day, artist_id,
-- track_id. Units: ms_played in milliseconds. Relations: erasures_log.
CREATE OR REPLACE TABLE erasures AS
SELECT CAST(e.day AS DATE) AS day, e.artist_id, e.track_id, CAST(sum(e.plays) AS BIGINT) AS plays, CAST(sum(e.ms_played) AS BIGINT) AS ms_played
FROM (
  SELECT unnest(from_json(plays_erased, '[{"day":"VARCHAR","artist_id":"VARCHAR","track_id":"VARCHAR","plays":"BIGINT","ms_played":"BIGINT"}]')) AS e
  FROM erasures_log WHERE plays_erased IS NOT NULL
)
GROUP BY ALL
