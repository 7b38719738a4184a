-- Listens of one kind of device in a window: those that royalties count, or the copies in the archive. Grain: one row.
-- Relations: counted (listens_counted, or listens). Parameters: $1 device, $2 from, $3 to (half-open).
SELECT count(*) FROM counted WHERE device = $1 AND event_time >= $2 AND event_time < $3
