-- The rows of quarantine that get an outcome: as they are to be (marked), and where they stand (marked_rows).
-- Grain: one row. Relations: quarantine, marks. Several statements, no parameters.
CREATE OR REPLACE VIEW marked AS
SELECT q.* REPLACE (m.outcome AS outcome, m.outcome_at AS outcome_at)
FROM quarantine q JOIN marks m
  ON m.source_topic = q.source_topic AND m.source_partition = q.source_partition AND m.source_offset = q.source_offset
WHERE q.outcome IS NULL;

CREATE OR REPLACE TABLE marked_rows AS SELECT _file, _pos, outcome FROM marked
