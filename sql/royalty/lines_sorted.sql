-- Adds the lines of a period in the order of the checksum: bytewise by key. Grain: one (period, artist_id, track_id,
-- country, tier). Units: listens. Relations: lines, lines_loaded.
INSERT INTO lines FROM lines_loaded ORDER BY artist_id, track_id, country, tier
