-- What the archive and the ledger tables hold of the days that must be compared row by row. Several statements, no
-- parameters.
-- Grain: one row of the table. Relations: torn (days since 1970), archive_torn_files (listens),
-- counted_torn_files (listens_counted), duplicates_torn_files (listens_duplicates). The files may hold other days too.
CREATE OR REPLACE VIEW archive_torn AS
SELECT * FROM archive_torn_files WHERE date_diff('day', DATE '1970-01-01', CAST(event_time AS DATE)) IN (SELECT day FROM torn);
CREATE OR REPLACE VIEW counted_torn AS
SELECT * FROM counted_torn_files WHERE date_diff('day', DATE '1970-01-01', CAST(event_time AS DATE)) IN (SELECT day FROM torn);
CREATE OR REPLACE VIEW duplicates_torn AS
SELECT * FROM duplicates_torn_files WHERE date_diff('day', DATE '1970-01-01', CAST(event_time AS DATE)) IN (SELECT day FROM torn);
