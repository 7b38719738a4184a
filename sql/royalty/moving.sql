-- The periods whose differences by deletions are written anew: new ones came, or what is held back is about enough people by
-- now. Grain: one origin period. Relations: differences, postings, adjustments (royalty_adjustments).
-- Parameters: $1 the posted period of what is held back.
CREATE TABLE moving AS
SELECT period FROM differences WHERE cause = 'deletions'
UNION
SELECT p.period FROM postings p JOIN adjustments a ON a.origin_period = p.period AND a.posted_period = $1
WHERE p.batch_period <> $1
