-- Days of the rows to add. Grain: one day. Relations: output.
SELECT DISTINCT day FROM output
