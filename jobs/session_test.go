package jobs_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// open is a session with three rows in the table that statement/origins reads.
func open(t *testing.T, log *slog.Logger) *jobs.Session {
	t.Helper()
	env := jobs.Env{Duck: duck.Options{MemoryLimit: "256MiB", Threads: 1, TempDir: t.TempDir()}, Log: log}
	s, err := env.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.ExecText(t.Context(), "CREATE TABLE adjustments AS SELECT 'payout' AS kind, '2026-0' || i AS origin_period FROM range(1, 4) r(i)"); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestErrorOfAStatementHasItsName(t *testing.T) {
	t.Parallel()
	s, nobody := open(t, nil), func() error { return nil }
	var n int64
	_, positions := s.Positions(t.Context(), nil, "erase/positions", "listens", 0, 1)
	for name, err := range map[string]error{
		"statement/usage":   s.Run(t.Context(), "statement/usage", "2026-03"),
		"audit/kinds":       s.RunAll(t.Context(), "audit/reach", "audit/kinds"),
		"statement/slice":   s.Each(t.Context(), "statement/slice", []any{0, 1}, []any{&n}, nobody),
		"audit/lines_sums":  s.One(t.Context(), "audit/lines_sums", nil, []any{&n, &n}),
		"erase/positions":   positions,
		"statement/origins": s.One(t.Context(), "statement/origins", []any{"2026-02"}, []any{new(string)}), // gives three rows
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "statement "+name+": ") || strings.Count(err.Error(), name) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrorOfAStatementKeepsItsCauseAndHint(t *testing.T) {
	t.Parallel()
	s, path := open(t, nil), filepath.Join(t.TempDir(), "lines.parquet")
	text := "COPY (SELECT 1 AS listens, 1 AS qualified_listens) TO " + duck.Quote(path) + "; CREATE VIEW lines AS FROM read_parquet(" + duck.Quote(path) + ")"
	if err := errors.Join(s.ExecText(t.Context(), text), os.Remove(path)); err != nil {
		t.Fatal(err)
	}
	err := s.One(t.Context(), "audit/lines_sums", nil, []any{new(int64), new(int64)})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(lake.Hint(err), "put the file back") {
		t.Errorf("got %v, hint %q", err, lake.Hint(err))
	}
}

func TestErrorOfAVisitComesBackAsItIs(t *testing.T) {
	t.Parallel()
	s, stop := open(t, nil), errors.New("stop")
	visited := 0
	err := s.Each(t.Context(), "statement/origins", []any{"2026-02"}, []any{new(string)}, func() error {
		if visited++; visited == 2 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || err.Error() != "stop" || visited != 2 {
		t.Errorf("%d rows, then %v", visited, err)
	}
}

func TestTimeAndRowsOfEachStatementAreKnown(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := open(t, slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	for range 2 {
		if err := s.Each(t.Context(), "statement/origins", []any{"2026-02"}, []any{new(string)}, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Run(t.Context(), "audit/reach"); err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for _, sum := range s.Spent() {
		if sum.Duration <= 0 {
			t.Errorf("%s took %s", sum.Statement, sum.Duration)
		}
		rows[sum.Statement] = sum.Rows
	}
	if len(rows) != 2 || rows["statement/origins"] != 6 || s.Spent()[0].Runs+s.Spent()[1].Runs != 3 {
		t.Errorf("got %+v", s.Spent())
	}
	if n := strings.Count(log.String(), `"msg":"statement done"`); n != 3 || !strings.Contains(log.String(), `"statement":"statement/origins"`) {
		t.Errorf("%d lines:\n%s", n, &log)
	}
}
