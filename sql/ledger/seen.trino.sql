-- How many rows Trino sees in the new files. Grain: one row. Relations: copies (new files of listens). Parameters, each
-- a ?: when the event times of these files begin, and when they have ended.
SELECT count(*) FROM copies WHERE event_time >= ? AND event_time < ?
