-- Macros of the other statements here. late: the copy was received two or more UTC days after its play, so a
-- day that may have been true already gained a row. Grain: none; a macro is not rows.
CREATE MACRO late(event_time, received_time) AS
  date_diff('day', CAST(event_time AS DATE), CAST(received_time AS DATE)) >= 2
