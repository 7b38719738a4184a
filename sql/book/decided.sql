-- What operators decided about requests. A copy of a request, which says the same at another place, is the same
-- request. Creates the view decided. Grain: one request as it reads. decision: held, released or withdrawn, the newest.
-- Relations: requests (deletion_requests), log (deletion_log).
CREATE OR REPLACE VIEW decided AS
SELECT r.request_id, r.subject, r.requested_at, r."from", r."to", arg_max(l.state, l."at") AS decision, max(l."at") AS decided_at,
  arg_max(coalesce(l.why, ''), l."at") AS why
FROM log l JOIN requests r USING (source_topic, source_partition, source_offset)
WHERE l.state IN ('held', 'released', 'withdrawn')
GROUP BY r.request_id, r.subject, r.requested_at, r."from", r."to"
