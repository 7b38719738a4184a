-- Leaves of each tied id the smallest content: column by column of the published order, all that have more than the
-- least go. An absent track_ms is more than any. Strings compare bytewise. What is left is one row an id, because
-- contents differ in some column. Grain: one tied id. Relations: contenders. Several statements, no parameters.
DELETE FROM contenders USING (SELECT listen_id, min(event_time) AS least FROM contenders GROUP BY listen_id) m
WHERE m.listen_id = contenders.listen_id AND contenders.event_time > m.least;
DELETE FROM contenders USING (SELECT listen_id, min(ms_played) AS least FROM contenders GROUP BY listen_id) m
WHERE m.listen_id = contenders.listen_id AND contenders.ms_played > m.least;
DELETE FROM contenders USING (SELECT listen_id, min(track_id) AS least FROM contenders GROUP BY listen_id) m
WHERE m.listen_id = contenders.listen_id AND contenders.track_id > m.least;
DELETE FROM contenders USING (SELECT listen_id, min(artist_id) AS least FROM contenders GROUP BY listen_id) m
WHERE m.listen_id = contenders.listen_id AND contenders.artist_id > m.least;
DELETE FROM contenders USING (SELECT listen_id, min(user_id) AS least FROM contenders GROUP BY listen_id) m
WHERE m.listen_id = contenders.listen_id AND contenders.user_id > m.least;
DELETE FROM contenders USING (SELECT listen_id, min(country) AS least FROM contenders GROUP BY listen_id) m
WHERE m.listen_id = contenders.listen_id AND contenders.country > m.least;
DELETE FROM contenders USING (SELECT listen_id, min(tier) AS least FROM contenders GROUP BY listen_id) m
WHERE m.listen_id = contenders.listen_id AND contenders.tier > m.least;
DELETE FROM contenders USING (SELECT listen_id, min(device) AS least FROM contenders GROUP BY listen_id) m
WHERE m.listen_id = contenders.listen_id AND contenders.device > m.least;
DELETE FROM contenders USING (SELECT listen_id, min(coalesce(track_ms, 2147483647)) AS least FROM contenders GROUP BY listen_id) m
WHERE m.listen_id = contenders.listen_id AND coalesce(contenders.track_ms, 2147483647) > m.least
