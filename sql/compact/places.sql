-- Where rows are in the new files. Grain: one row. Relations: fresh, merged.
SELECT m.place FROM fresh f JOIN merged m ON m._file = f.path AND m._pos = f.pos ORDER BY m.place
