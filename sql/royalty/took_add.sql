-- Adds what one commit took from the ledger. Grain: one row. Relations: main.took, taken (ledger rows).
-- Parameters: $1 the commit's place, higher is newer.
INSERT INTO main.took SELECT listen_id, user_id, $1::BIGINT FROM taken
