-- A request that was carried through before goes on to the derived tables only when the archive held a row
-- for it again: every derived row came from there. Grain: one request. Relations: wanted, hits.
UPDATE wanted SET sweep = open OR ord IN (SELECT ord FROM hits WHERE tbl = 'listens')
