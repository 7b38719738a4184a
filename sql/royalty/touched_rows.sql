-- The erased ids as they counted before, and as they count now, with the person who was erased. Several statements, no
-- parameters.
-- Grain: one listen. Relations: base_rows, left_rows (ledger rows of one period), erased_ids (listen_id, user_id).
CREATE OR REPLACE VIEW base_erased AS SELECT r.* EXCLUDE (user_id), e.user_id FROM base_rows r JOIN erased_ids e USING (listen_id);
CREATE OR REPLACE VIEW left_erased AS SELECT r.* EXCLUDE (user_id), e.user_id FROM left_rows r JOIN erased_ids e USING (listen_id)
