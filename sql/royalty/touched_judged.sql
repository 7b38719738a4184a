-- Keeps how the rules judge them. Several statements, no parameters. Grain: one listen.
-- Relations: base_judging, left_judging (erased ids with the column qualifies).
CREATE OR REPLACE TABLE base_judged AS SELECT listen_id, user_id, artist_id, track_id, country, tier, qualifies FROM base_judging;
CREATE OR REPLACE TABLE left_judged AS SELECT listen_id, user_id, artist_id, track_id, country, tier, qualifies FROM left_judging
