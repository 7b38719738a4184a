-- Days in which a table is not what counts. Grain: one day. Relations: differs.
SELECT DISTINCT day FROM differs
