-- What tracks were called, and whose they were. Grain: one track in one period.
CREATE TABLE track_info (period VARCHAR, track_id VARCHAR, title VARCHAR, artist_name VARCHAR, label_id VARCHAR, label_name VARCHAR, isrc VARCHAR)
