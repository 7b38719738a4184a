-- Days that lost rows to deletion requests. Grain: one day. Relations: log (files of deletion_log).
SELECT DISTINCT CAST(day AS DATE)
FROM (SELECT trim(unnest(string_split(days, ','))) AS day FROM log WHERE state = 'rows_deleted')
WHERE day <> ''
