-- Days of rows whose files do not say them. Grain: one day. Relations: unplaced (files of listens or listens_counted).
SELECT DISTINCT CAST(event_time AS DATE) FROM unplaced
