-- Days of scope with late rows that the ledger does not account for. Grain: one day. Relations: exact.
SELECT DISTINCT CAST(hour AS DATE) FROM exact WHERE late > 0
