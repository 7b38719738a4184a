-- The ids that several copies claim, as hashes. Grain: one hash.
CREATE TABLE contested (id_hash UBIGINT)
