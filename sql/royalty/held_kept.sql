-- Leaves among what stays in the statement what waits: erased listens of the lines that wait, and of what waited before
-- theirs.
-- Run as one; no parameters. Grain: one listen; one line.
-- Relations: main.held_keys, main.held_out, main.erased_keys_fresh, main.waiting_lines.
CREATE OR REPLACE TABLE main.kept_in AS
SELECT DISTINCT listen_id FROM main.erased_keys_fresh
SEMI JOIN (FROM main.held_keys SEMI JOIN main.held_out USING (key_id)) USING (artist_id, track_id, country, tier);

CREATE OR REPLACE TABLE main.waiting_lines AS
FROM main.waiting_lines SEMI JOIN (FROM main.held_keys SEMI JOIN main.held_out USING (key_id)) USING (artist_id, track_id, country, tier)
