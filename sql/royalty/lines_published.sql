-- Published lines in the order of the checksum: bytewise by key. Grain: one line of one period. Units: listens.
-- Relations: published_month (royalty_lines).
CREATE OR REPLACE TABLE lines AS
SELECT period, artist_id, track_id, country, tier, listens, qualified_listens FROM published_month ORDER BY artist_id, track_id, country, tier
