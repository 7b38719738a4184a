-- The rows of some files of the archive that are not deleted. The table that they go to sorts them.
-- Grain: one row. Relations: inputs (files of listens). Parameters, each a ?: when the event times of these files
-- begin, and when they have ended.
SELECT * FROM inputs WHERE event_time >= ? AND event_time < ?
