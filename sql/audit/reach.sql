-- How far the run's archive reached into each source: rows before next were in it. Several entries of a source, the
-- farthest holds. Grain: one partition of a source (a file has one, 0).
CREATE TABLE reach (source_topic VARCHAR, source_partition INTEGER, next BIGINT)
