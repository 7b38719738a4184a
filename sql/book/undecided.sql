-- The view decided of a lake of an earlier version, in which nobody could decide anything.
-- Grain: one request as it reads; there is none. Relations: requests (deletion_requests).
CREATE OR REPLACE VIEW decided AS
SELECT request_id, subject, requested_at, "from", "to", '' AS decision, requested_at AS decided_at, '' AS why FROM requests WHERE false
