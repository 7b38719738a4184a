-- Where the rows stand that get an outcome. Grain: one row. Relations: marked_rows.
SELECT _file, _pos FROM marked_rows
