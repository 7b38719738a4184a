-- Drops what shares were made of. Several statements, no parameters. Grain: none.
-- Relations: shares_out, shares_parts, shares_weights, shares_paid, shares_terms.
DROP TABLE shares_out;
DROP TABLE shares_parts;
DROP TABLE shares_weights;
DROP TABLE shares_paid;
DROP TABLE shares_terms
