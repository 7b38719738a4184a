-- How many payouts there are, and how many there have to be. Grain: one row. Relations: paid, shares.
SELECT (SELECT count(*) FROM paid), (SELECT count(*) FROM shares)
