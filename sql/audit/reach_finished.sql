-- Adds the file sources that were read to their end when the run's archive was committed. That time is in whole
-- milliseconds. Grain: one source. Parameters: $1 when. Relations: sources, reach.
INSERT INTO reach
SELECT source, 0, next_line FROM sources WHERE date_trunc('millisecond', finished_at) <= $1::TIMESTAMPTZ
