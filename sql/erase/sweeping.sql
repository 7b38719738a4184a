-- The requests that look for rows in the derived tables. Grain: one request. Relations: wanted.
SELECT DISTINCT ord FROM wanted WHERE sweep ORDER BY ord
