-- Records of a source that are in quarantine. Grain: one record.
-- Parameters: $1 the source's name, $2 the first offset. Relations: placed (quarantine).
SELECT source_partition, source_offset, reason FROM placed WHERE source_topic = $1 AND source_offset >= $2
