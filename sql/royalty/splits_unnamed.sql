-- Tracks that splits are to be taken back of and that no version ever named. Grain: one track.
-- Relations: applied, all_splits (royalty_splits).
SELECT DISTINCT track_id FROM applied ANTI JOIN all_splits USING (track_id) ORDER BY track_id
