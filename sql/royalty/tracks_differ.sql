-- Whether a tracks file says anything else than what is known of the tracks it names. Grain: one row.
-- Rows of one track are distinct, so sets are enough. Relations: applied, all_tracks (tracks).
WITH known AS (
  SELECT track_id, title, artist_name, label_id, label_name, isrc, valid_from, valid_to FROM all_tracks SEMI JOIN applied USING (track_id)
)
SELECT EXISTS ((FROM applied EXCEPT FROM known) UNION ALL (FROM known EXCEPT FROM applied))
