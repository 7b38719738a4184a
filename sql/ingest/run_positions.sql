-- The positions that royalty runs noted of listens. Grain: one set of positions, the newest first. Relations: runs.
SELECT positions FROM runs WHERE positions IS NOT NULL GROUP BY positions ORDER BY max(finished_at) DESC
