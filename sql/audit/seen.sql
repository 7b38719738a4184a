-- Through which sequence number of the archive the run saw every file. Grain: one row.
CREATE TABLE seen (sequence BIGINT)
