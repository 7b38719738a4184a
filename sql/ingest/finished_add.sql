-- Adds the sources that were finished since. Grain: one source. Relations: added (files of sources), finished.
INSERT INTO finished SELECT source, next_line, listens_snapshot_id, listens_sequence FROM added
