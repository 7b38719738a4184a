-- The rounds of replays that brought refused records into the archive after the run. The records of a round are marked
-- together, after they were brought in and before the next round is, so the newest marks are those of the newest
-- rounds. The last round before the run may have been marked after it: hence the number.
-- Grain: one round. Parameters: $1 when the run's archive was committed, $2 how many rounds were marked since.
-- Relations: quarantine.
CREATE TABLE later_rounds AS
SELECT DISTINCT outcome_at FROM quarantine
WHERE outcome = 'archived' AND outcome_at > $1::TIMESTAMPTZ
ORDER BY outcome_at DESC LIMIT $2
