-- Adds the lines of rows that one commit added to the ledger or took from it. Grain: that of touched_lines.
-- Relations: touched_lines, ledger_rows (rows of listens_counted).
INSERT INTO touched_lines
SELECT DISTINCT strftime(event_time, '%Y-%m') AS period, artist_id, track_id, country, tier FROM ledger_rows
