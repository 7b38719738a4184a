-- How many copies of the period the cut has now. Grain: one row. Parameters: $1, $2 the period, end exclusive.
-- Relations: cut.
SELECT count(*) FROM cut WHERE event_time >= $1::TIMESTAMPTZ AND event_time < $2::TIMESTAMPTZ
