-- Adds the tracks that splits name. Grain: one track. Relations: named, splits.
INSERT INTO named SELECT DISTINCT 'splits', 'track_id', track_id FROM splits
