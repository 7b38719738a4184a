-- What operators decided last, at each place, also of requests that are not there.
-- Grain: one place. decision: held, released or withdrawn. Relations: log (deletion_log).
SELECT source_topic, source_partition, source_offset, arg_max(state, "at") AS decision
FROM log WHERE state IN ('held', 'released', 'withdrawn') GROUP BY ALL
