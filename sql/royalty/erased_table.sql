-- No erased listens. Grain: one listen.
CREATE OR REPLACE TABLE main.erased (listen_id VARCHAR, user_id VARCHAR)
