-- The tables of the dashboard as one would make them from new listens by hand, each a Parquet file in the order of the
-- table: what a rollup of them is measured against. Several statements. Grain: a key of each table. Units: ms_played in
-- milliseconds. Relations: fresh (archive files). Variables: folder.
COPY (
  SELECT date_trunc('hour', event_time) AS hour, artist_id, track_id, country, device, count(DISTINCT listen_id) AS plays,
    sum(ms_played) AS ms_played, count(DISTINCT user_id) AS listeners
  FROM fresh GROUP BY ALL ORDER BY artist_id, track_id, hour
) TO (getvariable('folder') || '/plays_by_hour.parquet') (FORMAT parquet, COMPRESSION zstd);
COPY (
  SELECT CAST(event_time AS DATE) AS day, artist_id, track_id, count(DISTINCT listen_id) AS plays, sum(ms_played) AS ms_played
  FROM fresh GROUP BY ALL ORDER BY artist_id, track_id, day
) TO (getvariable('folder') || '/plays_by_day.parquet') (FORMAT parquet, COMPRESSION zstd);
COPY (
  SELECT CAST(event_time AS DATE) AS day, artist_id, country, device, count(DISTINCT listen_id) AS plays,
    sum(ms_played) AS ms_played, count(DISTINCT user_id) AS listeners
  FROM fresh GROUP BY ALL ORDER BY artist_id, day
) TO (getvariable('folder') || '/audience_by_day.parquet') (FORMAT parquet, COMPRESSION zstd);
COPY (
  SELECT CAST(event_time AS DATE) AS day, artist_id, track_id, count(DISTINCT user_id) AS listeners
  FROM fresh GROUP BY GROUPING SETS ((day, artist_id, track_id), (day, artist_id)) ORDER BY artist_id, track_id, day
) TO (getvariable('folder') || '/listeners_by_day.parquet') (FORMAT parquet, COMPRESSION zstd)
