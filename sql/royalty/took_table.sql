-- What erasures took from the ledger, and the same with the user of whom a listen was taken first. Several statements,
-- no parameters.
-- Grain: main.took: one row that a commit took; place counts the commits from the oldest. main.took_first: one listen.
CREATE OR REPLACE TABLE main.took (listen_id VARCHAR, user_id VARCHAR, place BIGINT);
CREATE OR REPLACE VIEW main.took_first AS SELECT listen_id, arg_min(user_id, place) AS user_id FROM main.took GROUP BY listen_id
