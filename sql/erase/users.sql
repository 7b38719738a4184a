-- The users of a view, to be compared with the subjects of wiped requests. Grain: one user. Relations: copies.
SELECT DISTINCT user_id FROM copies WHERE user_id IS NOT NULL
