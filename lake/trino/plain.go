package trino

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	driver "github.com/trinodb/trino-go-client/trino"
)

// cellBytes is what a value counts for besides its text.
const cellBytes = 16

// plain turns a value of a column of that type, or a part of it, into one that any printer knows, the same as for
// DuckDB. What JSON has no number for becomes text.
func plain(v any, column string) any {
	switch v := v.(type) {
	case nil, bool, int64:
		return v
	case string:
		return plainText(v, column)
	case float64:
		return plainFloat(v)
	case json.Number: // in a list or a map
		if n, err := v.Int64(); err == nil && !strings.Contains(column, "DOUBLE") && !strings.Contains(column, "REAL") {
			return n
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return plainFloat(f)
	case time.Time:
		return plainTime(v, column)
	case []byte:
		if utf8.Valid(v) {
			return string(v)
		}
		return "hex:" + hex.EncodeToString(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i], column)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name := range v {
			object[name] = plain(v[name], column)
		}
		return object
	case driver.Row:
		object := make(map[string]any, v.Len())
		for i := range v.Len() {
			object[v.Name(i)] = plain(v.Value(i), column)
		}
		return object
	default:
		return fmt.Sprint(v)
	}
}

func plainFloat(f float64) any {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return f
}

// plainTime keeps an instant that RFC 3339 can write. A time of day has no day.
func plainTime(t time.Time, column string) any {
	switch {
	case column == "TIME" || inRow(column) && t.Year() == 0 && t.YearDay() == 1:
		return t.Format("15:04:05.999999")
	case column == "TIME WITH TIME ZONE":
		return t.Format("15:04:05.999999Z07:00")
	case t.Year() < 0 || t.Year() > 9999:
		return t.UTC().Format("2006-01-02T15:04:05.999999Z07:00")
	}
	return t.UTC()
}

// instant is a time as it stands in a list or a map.
var instant = regexp.MustCompile(`^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d+)?( UTC)?)?$`)

// inRow tells the columns whose parts the driver has turned into values, so that a text is one.
func inRow(column string) bool { return strings.Contains(column, "ROW(") }

// plainText reads what the driver leaves as text: decimals, intervals, and times in lists and maps.
func plainText(s, column string) any {
	switch {
	case (column == "DECIMAL" || strings.HasPrefix(column, "ARRAY(DECIMAL(")) && strings.Contains(s, "."):
		return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	case column == "INTERVAL YEAR TO MONTH":
		return months(s)
	case column == "INTERVAL DAY TO SECOND":
		return days(s)
	case !inRow(column) && (strings.Contains(column, "TIMESTAMP") || strings.Contains(column, "(DATE")) && instant.MatchString(s):
		for _, layout := range []string{time.DateOnly, "2006-01-02 15:04:05", "2006-01-02 15:04:05 UTC"} {
			if t, err := time.Parse(layout, s); err == nil {
				return t.UTC()
			}
		}
	}
	return s
}

// months writes an interval of years and months, as 1-2, in months.
func months(s string) string {
	digits, minus := strings.CutPrefix(s, "-")
	y, m, _ := strings.Cut(digits, "-")
	years, err := strconv.Atoi(y)
	rest, err2 := strconv.Atoi(m)
	switch total := 12*years + rest; {
	case err != nil || err2 != nil:
		return s
	case total == 0:
		return "00:00:00"
	case minus:
		return fmt.Sprintf("-%d months", total)
	default:
		return fmt.Sprintf("%d months", total)
	}
}

// days writes an interval of days and a time, as 3 04:05:06.500.
func days(s string) string {
	rest, minus := strings.CutPrefix(s, "-")
	day, clock, is := strings.Cut(rest, " ")
	if !is {
		return s
	}
	if strings.Contains(clock, ".") {
		clock = strings.TrimRight(strings.TrimRight(clock, "0"), ".")
	}
	sign := ""
	if minus {
		sign = "-"
	}
	var parts []string
	if day != "0" {
		parts = append(parts, sign+day+" days")
	}
	if clock != "00:00:00" || day == "0" {
		if clock != "00:00:00" {
			clock = sign + clock
		}
		parts = append(parts, clock)
	}
	return strings.Join(parts, " ")
}

// sizeOf is about what a value takes in an answer.
func sizeOf(v any) int64 {
	switch v := v.(type) {
	case string:
		return cellBytes + int64(len(v))
	case []any:
		size := int64(cellBytes)
		for _, item := range v {
			size += sizeOf(item)
		}
		return size
	case map[string]any:
		size := int64(cellBytes)
		for name, item := range v {
			size += int64(len(name)) + sizeOf(item)
		}
		return size
	}
	return cellBytes
}
