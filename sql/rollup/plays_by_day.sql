-- Adds rows of plays_by_day. Grain: day, artist_id, track_id. Units: ms_played in milliseconds. Relations: heard.
INSERT INTO plays_by_day BY NAME
SELECT CAST(hour AS DATE) AS day, artist_id, track_id, count(*) AS plays, CAST(sum(ms_played) AS BIGINT) AS ms_played
FROM heard GROUP BY ALL
