-- The rows of all statements, in the order they are written. A holder has one name, whatever its tracks say.
-- Grain: one row of one statement. Units: listens; minor units of the currency. Relations: money, track_info.
-- Parameters: $1 label, artist or party; $2 whether only the holder $3.
CREATE TABLE statement_rows AS
WITH held AS (
  SELECT m.*, coalesce(t.title, '') AS title, coalesce(t.artist_name, '') AS artist_name, coalesce(t.isrc, '') AS isrc,
    CASE $1::VARCHAR WHEN 'label' THEN coalesce(t.label_id, '') WHEN 'artist' THEN m.artist_id ELSE coalesce(m.party, '') END AS holder_id,
    CASE $1::VARCHAR WHEN 'label' THEN t.label_name WHEN 'artist' THEN t.artist_name END AS name
  FROM money m LEFT JOIN track_info t ON t.period = m.origin_period AND t.track_id = m.track_id
), names AS (
  SELECT holder_id, coalesce(min(nullif(name, '')), '') AS holder_name FROM held GROUP BY holder_id
)
SELECT kind, origin_period, holder_id, CASE holder_id WHEN '' THEN 'unassigned' ELSE holder_name END AS holder_name,
  artist_id, artist_name, track_id, title, isrc, country, tier, currency, coalesce(party, '') AS party, coalesce(role, '') AS role, listens, qualified_listens, amount_minor, cause
FROM held JOIN names USING (holder_id)
WHERE NOT $2::BOOLEAN OR holder_id = $3::VARCHAR
ORDER BY holder_id, list_position(['payout', 'adjustment', 'usage'], kind), origin_period, artist_id, track_id, country, tier, currency, party, role, cause
