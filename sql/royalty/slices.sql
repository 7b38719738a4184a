-- The contested ids of the slice under work. Grain: one row an id.
-- Relations: contested, slice (one row: slices, number; numbers from 0).
CREATE VIEW contested_now AS
SELECT listen_id FROM contested
WHERE hash(listen_id) % (SELECT slices FROM slice)::UBIGINT = (SELECT number FROM slice)::UBIGINT
