-- The counted listens of one artist and track, each with the rule that decided and how many copies of it arrived. No
-- user id. Grain: one counted listen. Units: milliseconds; copies, the counted one among them.
-- Parameters: $1 period, $2 artist, $3 track, $4 country or '', $5 tier or ''.
-- Relations: judged (counted listens with the columns qualifies and rule), duplicates, held_lines (lines to leave out).
CREATE TABLE explained AS
WITH chosen AS (
  SELECT listen_id, event_time, country, tier, device, ms_played, track_ms, received_time, qualifies, rule
  FROM judged ANTI JOIN held_lines USING (artist_id, track_id, country, tier)
  WHERE strftime(event_time, '%Y-%m') = $1 AND artist_id = $2 AND track_id = $3 AND $4 IN ('', country) AND $5 IN ('', tier)
), others AS (
  SELECT listen_id, count(*) AS copies FROM duplicates SEMI JOIN chosen USING (listen_id) GROUP BY listen_id
)
SELECT c.*, CAST(1 + coalesce(o.copies, 0) AS BIGINT) AS copies FROM chosen c LEFT JOIN others o USING (listen_id)
