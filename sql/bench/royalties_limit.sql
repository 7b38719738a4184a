-- The bare statement that a full rebuild of royalties is measured against: pick the counted copy of every id
-- and group the listens by royalty line, over the same Parquet files, under the same limits. It reads no
-- row deletes, writes nothing and checks nothing.
-- Grain: one row with the numbers of lines and listens. Relations: archive (all copies).
SELECT count(*), CAST(sum(listens) AS BIGINT) FROM (
  SELECT strftime(event_time, '%Y-%m') AS period, artist_id, track_id, country, tier, count(*) AS listens,
    count(*) FILTER (WHERE ms_played >= 30000) AS qualified_listens
  FROM (
    SELECT listen_id, arg_min(event_time, received_time) AS event_time, arg_min(artist_id, received_time) AS artist_id,
      arg_min(track_id, received_time) AS track_id, arg_min(country, received_time) AS country, arg_min(tier, received_time) AS tier,
      arg_min(ms_played, received_time) AS ms_played
    FROM archive GROUP BY listen_id)
  GROUP BY ALL)
