-- A part of the rows, in their order, so that only this much is in memory at a time. Grain: one row of one statement.
-- Relations: statement_rows. Parameters: $1 first row, from 0; $2 the row after the last.
SELECT kind, origin_period, holder_id, holder_name, artist_id, artist_name, track_id, title, isrc, country, tier, currency, party, role,
  listens, qualified_listens, amount_minor, cause
FROM statement_rows WHERE rowid >= $1 AND rowid < $2 ORDER BY rowid
