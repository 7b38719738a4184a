package laketest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/lakectl/lakectl/lake/duck"
)

// spare is a DuckDB that the DBs of tests use in turn: starting one takes longer than most statements of a job. Each DB
// has a database of its own in it, and takes that with it.
type spare struct {
	connector *duckdb.Connector
	keeper    *sql.DB // attaches and detaches
	uses      int
}

// mostUses bounds what a spare keeps of files that it has read.
const mostUses = 50

var spares struct {
	sync.Mutex
	idle []*spare
}

// Spared is a context in which the DuckDBs of whole verbs take their turn, too.
func Spared(ctx context.Context) context.Context { return duck.WithStart(ctx, startDuckDB) }

// startDuckDB is [duck.Options].Start of tests.
func startDuckDB(ctx context.Context) (*sql.DB, error) {
	s, err := takeSpare()
	if err != nil {
		return nil, err
	}
	s.uses++
	l := lent{s, fmt.Sprintf("test%d", s.uses)}
	if _, err := s.keeper.ExecContext(ctx, "ATTACH ':memory:' AS "+l.database); err != nil {
		s.keeper.Close() //nolint:errcheck // in memory
		return nil, err
	}
	return sql.OpenDB(l), nil
}

func takeSpare() (*spare, error) {
	spares.Lock()
	defer spares.Unlock()
	if last := len(spares.idle) - 1; last >= 0 {
		s := spares.idle[last]
		spares.idle = spares.idle[:last]
		return s, nil
	}
	c, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, err
	}
	return &spare{connector: c, keeper: sql.OpenDB(c)}, nil
}

// lent connects one DB to its database of a spare.
type lent struct {
	*spare
	database string
}

func (l lent) Driver() driver.Driver { return l.connector.Driver() }

func (l lent) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := l.connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	_, err = conn.(driver.ExecerContext).ExecContext(ctx, "USE "+l.database, nil)
	return conn, err
}

// Close gives the spare back as if it had not been used, or stops it where that cannot be: after a spill, for one.
func (l lent) Close() error {
	for _, text := range []string{
		"DETACH " + l.database, "RESET disabled_optimizers", "RESET max_temp_directory_size", "SET temp_directory = ''",
	} {
		if _, err := l.keeper.ExecContext(context.Background(), text); err != nil {
			return l.keeper.Close()
		}
	}
	if l.uses >= mostUses {
		return l.keeper.Close()
	}
	spares.Lock()
	defer spares.Unlock()
	spares.idle = append(spares.idle, l.spare)
	return nil
}
