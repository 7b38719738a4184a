package trino

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxText is how many bytes of a text are safe to send: Trino takes a million characters unless query.max-length says
// otherwise.
const MaxText = 900_000

// Values are queries that give rows, in their order, each with a text of at most limit bytes or of one row. A value is
// nil, bool, string, int64 or time.Time, as for a parameter.
func Values(rows [][]any, limit int) ([]Query, error) {
	const start = "VALUES "
	var all []Query
	var text strings.Builder
	for _, row := range rows {
		items := make([]string, len(row))
		for i, v := range row {
			literal, err := literal(v)
			if err != nil {
				return nil, fmt.Errorf("value %d of a row: %w", i+1, err)
			}
			items[i] = literal
		}
		next := "(" + strings.Join(items, ", ") + ")"
		if text.Len() > 0 && text.Len()+len(", ")+len(next) > limit {
			all = append(all, Query{Text: text.String()})
			text.Reset()
		}
		if text.Len() == 0 {
			text.WriteString(start)
		} else {
			text.WriteString(", ")
		}
		text.WriteString(next)
	}
	if text.Len() > 0 {
		all = append(all, Query{Text: text.String()})
	}
	return all, nil
}

// literal is a value as Trino reads it.
func literal(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "NULL", nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'", nil
	case time.Time:
		return v.UTC().Format("TIMESTAMP '2006-01-02 15:04:05.000000 UTC'"), nil
	}
	return "", fmt.Errorf("it is a %T", v)
}
