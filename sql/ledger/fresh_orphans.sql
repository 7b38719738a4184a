-- The copies to count, and those of ids whose counted copy was erased. The same copy may be in both: contested ids are
-- told apart by source position later. Grain: one copy. Relations: added, orphan_days (copies), orphans.
CREATE VIEW fresh AS SELECT * FROM added UNION ALL SELECT * FROM orphan_days SEMI JOIN orphans USING (listen_id)
