-- The refused records to decode again, in order of source position. Grain: one row of quarantine. Units: microseconds
-- since 1970. Relations: quarantine, picked.
SELECT q.source_topic, q.source_partition, q.source_offset, epoch_us(q.source_time) AS source_us, q.raw
FROM quarantine q JOIN picked p ON p._file = q._file AND p._pos = q._pos
ORDER BY q.source_topic, q.source_partition, q.source_offset
