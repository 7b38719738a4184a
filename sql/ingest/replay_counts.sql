-- How many rows get an outcome, and how many of them were suppressed. Grain: one row. Relations: marked_rows.
SELECT count(*), count(*) FILTER (outcome = 'suppressed') FROM marked_rows
