-- Through how many erased people differences of a period were posted. Grain: one row. Units: people since the close.
-- Relations: adjustments (royalty_adjustments). Parameters: $1 period, $2 the posted period of what is held back.
SELECT coalesce(max(subjects_through), 0) FROM adjustments
WHERE origin_period = $1 AND posted_period <> $2 AND cause = 'deletions'
