-- How many rows each new file of the ledger gets, in the order of their places.
-- Grain: one new file. Relations: merged, apart.
SELECT count(*) FROM merged LEFT JOIN apart ON CAST(event_time AS DATE) BETWEEN apart.first AND apart.last
GROUP BY apart.span ORDER BY apart.span NULLS FIRST
