-- The days of what was heard, its copies and whether some of them came late. Grain: one day. Relations: heard.
SELECT CAST(hour AS DATE) AS day, count(*), bool_or(late) FROM heard GROUP BY ALL
