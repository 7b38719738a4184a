-- Where rows are in the files that another engine made. Grain: one row. Relations: fresh, moves.
SELECT m.new_path, m.new_pos FROM fresh f JOIN moves m ON m.path = f.path AND m.pos = f.pos ORDER BY m.new_path, m.new_pos
