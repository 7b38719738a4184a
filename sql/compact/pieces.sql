-- How many rows each new file of the ledger gets, in the order of their places.
-- Grain: one new file. Relations: merged, apart.
SELECT count(*) FROM merged LEFT JOIN apart ON apart.day = CAST(event_time AS DATE) GROUP BY apart.day ORDER BY apart.day NULLS FIRST
