-- The rule that holds while none were applied: 30 seconds. Grain: one rule. Relations: ruling.
INSERT INTO ruling (position, counts, min_ms_played, min_fraction_e4) VALUES (1, true, 30000, 0)
