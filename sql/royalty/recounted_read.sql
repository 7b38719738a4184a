-- How many copies were recounted. Grain: one row. Units: copies. Relations: recounted_copies.
SELECT copies FROM recounted_copies
