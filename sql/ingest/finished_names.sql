-- The file sources that were read to their end. Grain: one source. Relations: sources.
SELECT DISTINCT source FROM sources WHERE source IS NOT NULL
