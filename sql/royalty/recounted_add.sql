-- Adds the lines of a slice to those of the slices before. Grain: one line of a slice. Units: listens.
-- Relations: recounted, recounted_slice.
INSERT INTO recounted FROM recounted_slice
