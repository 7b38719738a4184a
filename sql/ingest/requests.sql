-- Whose listens a deletion request covers, and which. Grain: one request, or one retry of it.
-- Units: microseconds since 1970. Relations: requests (files of deletion_requests).
SELECT coalesce(subject, ''), epoch_us(received_time), epoch_us("from"), epoch_us("to") FROM requests
