-- Changes that are not published. Grain: one row. Parameters: $1 noticed_at of the newest ones that are, in
-- microseconds since 1970. Relations: changes_standing (files of plays_changes).
SELECT _file, _pos FROM changes_standing WHERE epoch_us(noticed_at) > $1
