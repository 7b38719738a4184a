-- What orphans.sql makes, to be filled with what Trino finds. Grain: one row an id and day.
CREATE TABLE orphans (listen_id VARCHAR, day BIGINT)
