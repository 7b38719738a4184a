-- Whose listens a deletion request covers, and which. Grain: one request, or one retry of it.
-- Units: microseconds since 1970. Relations: requests (files of deletion_requests).
SELECT coalesce(request_id, '') AS request_id, coalesce(subject, '') AS subject, coalesce(epoch_us(requested_at), 0) AS requested_us,
  epoch_us(received_time) AS received_us, epoch_us("from") AS from_us, epoch_us("to") AS to_us, _file
FROM requests
