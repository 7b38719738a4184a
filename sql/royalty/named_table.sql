-- The values that terms name. Grain: one value of a column of a listen, of terms of a kind (rules, pools, splits or
-- tracks).
CREATE OR REPLACE TABLE named (terms VARCHAR, field VARCHAR, value VARCHAR)
