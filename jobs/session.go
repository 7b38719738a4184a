package jobs

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
	"github.com/lakectl/lakectl/lake/trino"
	"github.com/lakectl/lakectl/sql"
)

// Session is a DuckDB for one run of a job. It takes statements of package sql by their names: "erase/counts" is the
// file sql/erase/counts.sql. An error of a statement has the statement's name.
//
// The methods of the DB whose names end in Text take SQL instead. They are for package duck and for tests.
type Session struct {
	*duck.DB
	trino *trino.Client // nil: this DuckDB computes all
	log   *slog.Logger
	spent map[string]*Spent
}

// Spent is what the runs of one statement took together.
type Spent struct {
	Statement string
	Runs      int
	Rows      int64         // that it gave, or changed
	Duration  time.Duration // what the job did with each row is in it
}

// Open starts a DuckDB for one run of a job.
func (e Env) Open(ctx context.Context) (*Session, error) {
	db, err := duck.Open(ctx, e.Duck)
	if err != nil {
		return nil, err
	}
	s := NewSession(db, e.Log)
	s.trino = e.Trino
	return s, nil
}

// NewSession runs statements on a DB that is open already. log may be nil.
func NewSession(db *duck.DB, log *slog.Logger) *Session {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Session{DB: db, log: log, spent: map[string]*Spent{}}
}

// Run runs a statement without a result.
func (s *Session) Run(ctx context.Context, name string, args ...any) error {
	return s.measure(ctx, name, func(text string) (rows int64, err error) {
		return s.ExecTextRows(ctx, text, args...)
	})
}

// RunAll runs statements without parameters, one after the other.
func (s *Session) RunAll(ctx context.Context, names ...string) error {
	for _, name := range names {
		if err := s.Run(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// Each runs a statement and calls visit for every row, scanned into dest before each call. An error of visit comes back
// as it is.
func (s *Session) Each(ctx context.Context, name string, args, dest []any, visit func() error) error {
	return s.eachNamed(ctx, name, args, func([]string) ([]any, error) { return dest, nil }, visit)
}

// eachNamed is Each where the names of the columns say what they are scanned into.
func (s *Session) eachNamed(ctx context.Context, name string, args []any, into func(columns []string) ([]any, error), visit func() error) error {
	var own error
	err := s.measure(ctx, name, func(text string) (rows int64, err error) {
		err = s.EachNamedText(ctx, text, args, into, func() error {
			rows++
			own = visit()
			return own
		})
		if own != nil {
			err = nil
		}
		return rows, err
	})
	if own != nil {
		return own
	}
	return err
}

// One runs a statement that gives exactly one row.
func (s *Session) One(ctx context.Context, name string, args, dest []any) error {
	return s.measure(ctx, name, func(text string) (int64, error) {
		return 1, s.OneText(ctx, text, args, dest)
	})
}

// Positions runs a statement that gives rows (_file, _pos) of files, as [duck.DB.PositionsText] does.
func (s *Session) Positions(ctx context.Context, files []lake.File, name string, args ...any) (found map[string][]int64, err error) {
	err = s.measure(ctx, name, func(text string) (rows int64, err error) {
		found, err = s.PositionsText(ctx, files, text, args...)
		for _, positions := range found {
			rows += int64(len(positions))
		}
		return rows, err
	})
	return found, err
}

// Spent is what each statement took so far, the longest first.
func (s *Session) Spent() []Spent {
	list := make([]Spent, 0, len(s.spent))
	for _, name := range slices.Sorted(maps.Keys(s.spent)) {
		list = append(list, *s.spent[name])
	}
	slices.SortStableFunc(list, func(a, b Spent) int { return cmp.Compare(b.Duration, a.Duration) })
	return list
}

func (s *Session) measure(ctx context.Context, name string, run func(text string) (int64, error)) error {
	return s.measured(ctx, name, func() (int64, error) { return run(sql.Text(name)) })
}

func (s *Session) measured(ctx context.Context, name string, run func() (int64, error)) error {
	start := time.Now()
	rows, err := run()
	took := time.Since(start)
	sum := s.spent[name]
	if sum == nil {
		sum = &Spent{Statement: name}
		s.spent[name] = sum
	}
	sum.Runs, sum.Rows, sum.Duration = sum.Runs+1, sum.Rows+rows, sum.Duration+took
	s.log.DebugContext(ctx, "statement done", "statement", name, "duration_ms", took.Milliseconds(), "rows", rows, "failed", err != nil)
	if err != nil {
		return fmt.Errorf("statement %s: %w", name, err)
	}
	return nil
}
