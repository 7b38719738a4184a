-- The deltas that are added as they are where whole days are rewritten. Grain: one row of the table. Relations: deltas,
-- differs.
CREATE OR REPLACE VIEW appended AS
FROM deltas WHERE day NOT IN (SELECT day FROM differs)
