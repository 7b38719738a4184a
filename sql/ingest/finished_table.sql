-- The file sources that were read to their end, with the number after the last line and the snapshot of listens that
-- has the last rows. Grain: one source.
CREATE TABLE IF NOT EXISTS finished (source VARCHAR, next_line BIGINT, listens_snapshot_id BIGINT, listens_sequence BIGINT)
