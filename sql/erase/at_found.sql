-- The rows that another engine found, of files that hold some.
-- Grain: one row. Relations: hit_copies (the files), found.
SELECT * FROM hit_copies SEMI JOIN found USING (_file, _pos)
