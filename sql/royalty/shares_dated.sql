-- The splits that do not last the whole month. Grain: that of shares_terms. Relations: shares_terms.
CREATE OR REPLACE VIEW shares_dated AS SELECT * EXCLUDE (dated) FROM shares_terms WHERE dated
