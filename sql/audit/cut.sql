-- The archive as the run saw it, less what is gone since: what lies in files that were there, whoever wrote them, and
-- what positions say was there, in whatever files it lies now. A file never says to be older than its rows. A position
-- is one copy's: another row under it that came in a later file is another engine's. Several statements, no parameters.
-- Grain: one archived copy. Relations: archive (listens), archive_files (path, sequence), seen, reach, replayed.
CREATE VIEW early AS
SELECT a.* FROM archive a SEMI JOIN (SELECT path FROM archive_files WHERE sequence <= (SELECT sequence FROM seen)) w ON w.path = a._file;
CREATE VIEW late AS
WITH farthest AS (SELECT source_topic, source_partition, max(next) AS next FROM reach GROUP BY ALL)
SELECT a.*
FROM archive a
SEMI JOIN (SELECT path FROM archive_files WHERE sequence > (SELECT sequence FROM seen)) w ON w.path = a._file
LEFT JOIN farthest f ON f.source_topic = a.source_topic AND f.source_partition = a.source_partition
LEFT JOIN replayed p ON p.source_topic = a.source_topic AND p.source_partition = a.source_partition AND p.source_offset = a.source_offset
WHERE coalesce(NOT p.later, a.source_offset < f.next, false);
CREATE VIEW cut AS
SELECT * FROM early
UNION ALL
SELECT l.* FROM late l ANTI JOIN early e
  ON e.source_topic = l.source_topic AND e.source_partition = l.source_partition AND e.source_offset = l.source_offset;
