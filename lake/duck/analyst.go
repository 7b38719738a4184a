package duck

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/lakectl/lakectl/lake"
)

// Analyze runs one read-only SELECT of a user over snapshots, each under its table's name. header is called
// once with the column names, row for every row; the slice is used again after row returns. The values are what
// any printer knows: nil, bool, string, numbers that are finite, *big.Int, time.Time of years 0 to 9999, and
// []any and map[string]any of these.
//
// What keeps the lake safe: the text is parsed as the argument of query(), which takes a single SELECT and
// nothing else; DuckDB may read the tables' folders only, and its configuration is locked.
func Analyze(ctx context.Context, o Options, tables []lake.Snapshot, text string, header func([]string) error, row func([]any) error) (err error) {
	d, err := Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() {
		if closed := d.Close(); err == nil {
			err = closed
		}
	}()
	if err := d.expose(ctx, tables); err != nil {
		return err
	}
	rows, err := d.Query(ctx, "SELECT * FROM query("+Quote(text)+")")
	if err != nil {
		return lake.WithHint(fmt.Errorf("query: %w", err), "give one SELECT over the tables that 'lakectl snapshots' lists")
	}
	defer rows.Close() //nolint:errcheck // rows.Err has the error
	return visit(rows, header, row)
}

// visit hands the rows of a result on as plain values.
func visit(rows *sql.Rows, header func([]string) error, row func([]any) error) error {
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	names := make([]string, len(types))
	values, dest := make([]any, len(types)), make([]any, len(types))
	for i, t := range types {
		names[i], dest[i] = t.Name(), &values[i]
	}
	if err := header(names); err != nil {
		return err
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return fmt.Errorf("query: %w", err)
		}
		for i, v := range values {
			values[i] = plain(v, types[i].DatabaseTypeName())
		}
		if err := row(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// expose makes the views, without the row addresses that jobs use, and locks DuckDB down.
func (d *DB) expose(ctx context.Context, tables []lake.Snapshot) error {
	var folders []string
	for _, s := range tables {
		name := s.Table().Name()
		if err := d.Bind(ctx, "_"+name, s); err != nil {
			return err
		}
		if err := d.Exec(ctx, fmt.Sprintf("CREATE VIEW %s AS SELECT * EXCLUDE (_file, _pos) FROM %s", Ident(name), Ident("_"+name))); err != nil {
			return fmt.Errorf("bind %s: %w", name, err)
		}
		dir, err := lake.LocalPath(s.Table().Location())
		if err != nil {
			return err
		}
		folders = append(folders, Quote(filepath.ToSlash(dir)+"/"))
	}
	for _, set := range []string{
		"SET allowed_directories = [" + strings.Join(append(folders, Quote(d.spill.path+"/")), ", ") + "]",
		"SET enable_external_access = false",
		"SET lock_configuration = true",
	} {
		if err := d.Exec(ctx, set); err != nil {
			return fmt.Errorf("lock duckdb: %w", err)
		}
	}
	return nil
}

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
