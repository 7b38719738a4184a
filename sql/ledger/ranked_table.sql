-- The ranked copies, see ranked.sql. Grain: one row a copy.
CREATE TABLE copies (listen_id VARCHAR, source_topic VARCHAR, source_partition INTEGER, source_offset BIGINT,
  user_id VARCHAR, track_id VARCHAR, artist_id VARCHAR, device VARCHAR, event_time TIMESTAMPTZ, ms_played INTEGER, track_ms INTEGER,
  country VARCHAR, tier VARCHAR, received_time TIMESTAMPTZ, payload VARCHAR,
  ledger_file VARCHAR, ledger_pos BIGINT, duplicate_file VARCHAR, duplicate_pos BIGINT,
  was_winner_event_time TIMESTAMPTZ, was_payload_conflict BOOLEAN, was_other_user BOOLEAN, rank BIGINT)
