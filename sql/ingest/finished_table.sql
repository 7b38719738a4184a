-- The file sources that were read to their end, with the number after the last line.
CREATE TABLE IF NOT EXISTS finished (source VARCHAR, next_line BIGINT)
