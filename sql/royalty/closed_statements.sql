-- What closed periods were published with, for the check of their adjustments. Grain: one line, payout, share.
-- Units: listens; minor units of the currency.
CREATE TABLE closed_lines (period VARCHAR, artist_id VARCHAR, track_id VARCHAR, country VARCHAR, tier VARCHAR, listens BIGINT, qualified_listens BIGINT);
CREATE TABLE closed_payouts (period VARCHAR, country VARCHAR, tier VARCHAR, currency VARCHAR, artist_id VARCHAR, track_id VARCHAR, qualified_listens BIGINT, amount_minor BIGINT);
CREATE TABLE closed_shares (period VARCHAR, country VARCHAR, tier VARCHAR, currency VARCHAR, artist_id VARCHAR, track_id VARCHAR, party VARCHAR, role VARCHAR, amount_minor BIGINT)
