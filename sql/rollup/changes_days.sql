-- Days of the changes. Grain: one day. Relations: changes.
SELECT DISTINCT day FROM changes
