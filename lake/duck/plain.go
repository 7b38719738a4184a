package duck

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/duckdb/duckdb-go/v2"
)

// The driver gives a TIME as an instant on the first day of the year 1 and a UUID as bytes; only the name of the
// column's type tells them from a TIMESTAMP and a BLOB.
var (
	hasTime = regexp.MustCompile(`\bTIME(_?TZ)?\b`)
	hasUUID = regexp.MustCompile(`\bUUID\b`)
	hasBlob = regexp.MustCompile(`\bBLOB\b`)
)

// plain turns a value of a column of that type, or a part of it, into one that any printer knows. What JSON has
// no number for becomes text.
func plain(v any, column string) any {
	switch v := v.(type) {
	case nil, bool, string, int8, int16, int32, int64, uint8, uint16, uint32, uint64, *big.Int:
		return v
	case float32:
		return finite(float64(v), v)
	case float64:
		return finite(v, v)
	case time.Time:
		return plainTime(v, column)
	case duckdb.Decimal:
		return v.String()
	case duckdb.Interval:
		return interval(v)
	case []byte:
		return plainBytes(v, column)
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
	case duckdb.OrderedMap:
		object := make(map[string]any, v.Len())
		values := v.Values()
		for i, key := range v.Keys() {
			object[text(plain(key, column))] = plain(values[i], column)
		}
		return object
	case duckdb.Union:
		return plain(v.Value, column)
	default:
		return fmt.Sprint(v)
	}
}

// finite is v, or the name of a float that is no number of JSON.
func finite(f float64, v any) any {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	default:
		return v
	}
}

// plainTime keeps an instant that RFC 3339 can write.
func plainTime(t time.Time, column string) any {
	if hasTime.MatchString(column) && t.Year() == 1 && t.YearDay() == 1 {
		if _, offset := t.Zone(); offset != 0 {
			return t.Format("15:04:05.999999Z07:00")
		}
		return t.Format("15:04:05.999999")
	}
	switch micros := t.UnixMicro(); {
	case micros == math.MaxInt64:
		return "infinity"
	case micros == -math.MaxInt64:
		return "-infinity"
	case t.Year() < 0 || t.Year() > 9999:
		return t.UTC().Format("2006-01-02T15:04:05.999999Z07:00")
	default:
		return t.UTC()
	}
}

func plainBytes(b []byte, column string) string {
	switch {
	case len(b) == 16 && hasUUID.MatchString(column) && !hasBlob.MatchString(column):
		id := duckdb.UUID(b)
		return id.String()
	case utf8.Valid(b):
		return string(b)
	default:
		return "hex:" + hex.EncodeToString(b)
	}
}

// interval writes the three parts that DuckDB keeps apart, for a month has no length in days.
func interval(i duckdb.Interval) string {
	var parts []string
	if i.Months != 0 {
		parts = append(parts, fmt.Sprintf("%d months", i.Months))
	}
	if i.Days != 0 {
		parts = append(parts, fmt.Sprintf("%d days", i.Days))
	}
	if i.Micros != 0 || len(parts) == 0 {
		sign, micros := "", uint64(i.Micros)
		if i.Micros < 0 {
			sign, micros = "-", -micros
		}
		seconds := micros / 1e6
		clock := fmt.Sprintf("%s%02d:%02d:%02d", sign, seconds/3600, seconds/60%60, seconds%60)
		if rest := micros % 1e6; rest != 0 {
			clock += "." + strings.TrimRight(fmt.Sprintf("%06d", rest), "0")
		}
		parts = append(parts, clock)
	}
	return strings.Join(parts, " ")
}

// text is a plain value as the name of a member.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
