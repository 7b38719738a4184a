-- Days that late rows reached with the new archive rows. Grain: one day. Relations: deltas.
SELECT DISTINCT CAST(hour AS DATE) FROM deltas WHERE late > 0
