-- The lines that the run published. Grain: one line. Parameters: $1 period. Relations: run_lines (royalty_lines).
CREATE TABLE published AS
SELECT artist_id, track_id, country, tier, listens, qualified_listens FROM run_lines WHERE period = $1
