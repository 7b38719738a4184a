-- The days of what was heard, its copies, whether some of them came late, and whether some are not from the ledger.
-- Grain: one day. Relations: heard.
SELECT CAST(hour AS DATE) AS day, count(*), bool_or(late), bool_or(beyond) FROM heard GROUP BY ALL
