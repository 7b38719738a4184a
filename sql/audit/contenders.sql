-- The contents of some tied ids: copies that agree in every field of the published order are one.
-- Grain: one id and content. Parameters: $1, $2 the range of ties. Relations: earliest, ties.
CREATE OR REPLACE TABLE contenders AS
SELECT DISTINCT * FROM earliest SEMI JOIN (SELECT listen_id FROM ties WHERE rowid >= $1 AND rowid < $2) USING (listen_id)
