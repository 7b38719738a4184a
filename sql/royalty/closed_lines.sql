-- Keeps the published lines of one closed period. Grain: one line. Relations: published_lines.
INSERT INTO closed_lines SELECT period, artist_id, track_id, country, tier, listens, qualified_listens FROM published_lines
