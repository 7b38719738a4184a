-- Lines bytewise by key, for the checksum. Grain: one line. Relations: summed (lines or published).
SELECT artist_id, track_id, country, tier, listens, qualified_listens FROM summed
ORDER BY artist_id, track_id, country, tier
