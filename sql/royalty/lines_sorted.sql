-- The lines in the order of the checksum: bytewise by key. Grain: one line. Relations: lines.
SELECT period, artist_id, track_id, country, tier, listens, qualified_listens FROM lines
ORDER BY period, artist_id, track_id, country, tier
