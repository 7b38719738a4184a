-- Rows of listens_counted to delete, by month of event time. A row that several requests cover counts for the first of
-- them.
-- Grain: one request and month. Relations: hits.
SELECT ord, strftime(day, '%Y-%m'), count(*)
FROM (SELECT min(ord) AS ord, day FROM hits WHERE tbl = 'listens_counted' GROUP BY _file, _pos, day)
GROUP BY ALL ORDER BY ALL
