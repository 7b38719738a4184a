-- Records of a source that are in deletion_requests. Grain: one record.
-- Parameters: $1 the source's name, $2 the first offset. Relations: placed (deletion_requests).
SELECT source_partition, source_offset, '' FROM placed WHERE source_topic = $1 AND source_offset >= $2
