-- How many copies the archive has, for Trino. Grain: one row. Units: copies. Relations: archived (copies).
SELECT count(*) AS copies FROM archived
