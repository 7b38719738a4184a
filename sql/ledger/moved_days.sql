-- Days in which another copy of a listen counts than before: those of copies that counted and do not any more, and of
-- copies that count now and were not in the ledger, where several are known of their listen. Of the latter many are of
-- listens that are new. Grain: one UTC day. Relations: copies.
SELECT DISTINCT CAST(event_time AS DATE) FROM copies WHERE (rank > 1) = (ledger_file IS NOT NULL)
