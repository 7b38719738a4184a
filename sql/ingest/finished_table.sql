-- The names of the file sources that were read to their end.
CREATE TABLE IF NOT EXISTS finished (source VARCHAR)
