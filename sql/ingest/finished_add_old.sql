-- Adds the sources that were finished since, of a table that an earlier version made. Grain: one source.
-- Relations: added (files of sources), finished.
INSERT INTO finished SELECT source, next_line, NULL, NULL FROM added
