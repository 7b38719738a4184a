-- How many decisions of operators about requests there are. Grain: one row.
-- Relations: log (files of deletion_log).
SELECT count(*) FROM log WHERE state IN ('held', 'released', 'withdrawn')
