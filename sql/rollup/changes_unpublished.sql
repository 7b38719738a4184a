-- Changes of a run that did not publish them. Grain: one row. Parameters: $1 their noticed_at in microseconds since
-- 1970. Relations: changes_standing (files of plays_changes).
SELECT _file, _pos FROM changes_standing WHERE epoch_us(noticed_at) = $1
