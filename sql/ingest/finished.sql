-- Whether a source is finished: 0 if not. Grain: one row. Parameters: $1 the source's name. Relations: finished.
SELECT count(*) FROM finished WHERE source = $1
