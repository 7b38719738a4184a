-- Ids with more than one archived copy. Grain: one row an id. Relations: archive (all copies).
CREATE TABLE contested AS SELECT listen_id FROM archive GROUP BY listen_id HAVING count(*) > 1
