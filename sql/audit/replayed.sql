-- Refused records that replays brought into the archive, and whether they did so after the run.
-- Grain: one source position. Parameters: $1 also those that are not marked: a replay after the run was cut off before
-- it marked what it had brought in (what it had not brought in, the archive does not have). Relations: quarantine,
-- later_rounds.
CREATE TABLE replayed AS
SELECT source_topic, source_partition, source_offset,
  bool_or(outcome IS NULL OR outcome_at IN (SELECT outcome_at FROM later_rounds)) AS later
FROM quarantine
WHERE outcome = 'archived' OR (outcome IS NULL AND $1::BOOLEAN)
GROUP BY ALL
