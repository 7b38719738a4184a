-- Ids of which several copies were received first. Grain: one id. Relations: earliest.
CREATE TABLE ties AS SELECT listen_id FROM earliest GROUP BY listen_id HAVING count(*) > 1
