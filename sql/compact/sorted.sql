-- What the new file holds. Creates the view sorted. Grain: one row. Relations: merged.
CREATE OR REPLACE VIEW sorted AS SELECT * EXCLUDE (_file, _pos, place) FROM merged ORDER BY place
