-- Whose listens a deletion request covers, and which. Grain: one request, or one retry of it.
-- Units: microseconds since 1970. Relations: requests (files of deletion_requests).
SELECT coalesce(subject, '') AS subject, epoch_us(received_time) AS received_us, epoch_us("from") AS from_us, epoch_us("to") AS to_us
FROM requests
