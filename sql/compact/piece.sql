-- What one new file holds of several. Creates sorted.
-- Grain: one row. Relations: merged. Parameters: $1 place of its first row, $2 place after its last.
CREATE OR REPLACE TABLE sorted AS SELECT * EXCLUDE (_file, _pos, place) FROM merged WHERE place >= $1 AND place < $2 ORDER BY place
