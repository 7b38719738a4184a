-- The columns of which values are named. Grain: one column. Relations: named.
SELECT DISTINCT field FROM named
