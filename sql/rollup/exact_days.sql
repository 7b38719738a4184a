-- Days of scope that have any rows. Grain: one day. Relations: exact.
SELECT DISTINCT CAST(hour AS DATE) FROM exact
