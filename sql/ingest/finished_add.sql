-- Adds the sources that were finished since. Relations: added (files of sources), finished.
INSERT INTO finished SELECT source FROM added
