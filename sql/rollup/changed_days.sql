-- Days to rewrite. Grain: one day. Relations: changed.
SELECT day FROM changed
