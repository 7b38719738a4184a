package jobs

import (
	"context"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
	"github.com/lakectl/lakectl/sql"
)

// OnTrino tells that Trino computes what reads listens or the ledger whole. What comes after is computed by DuckDB.
func (s *Session) OnTrino() bool { return s.trino != nil }

// Load appends the rows that a statement gives on Trino to a table of this session, whose columns it has in their
// order, and returns how many there are. The table keeps no order of rows. "ledger/found.trino" is the file
// sql/ledger/found.trino.sql. The statement reads the snapshots of pins and nothing else. What was appended before an
// error stays, and is of no use.
func (s *Session) Load(ctx context.Context, table, name string, pins []trino.Pin, args ...any) (rows int64, err error) {
	err = s.measured(ctx, name, func() (int64, error) {
		err := s.FillEach(table, func(add func(row []any) error) error {
			var row, dest []any
			return s.trino.Each(ctx, trino.Query{Text: sql.Text(name), Pins: pins, Args: args}, func(columns []string) ([]any, error) {
				row, dest = make([]any, len(columns)), make([]any, len(columns))
				for i := range row {
					dest[i] = &row[i]
				}
				return dest, nil
			}, func() error {
				rows++
				return add(row)
			})
		})
		return rows, err
	})
	return rows, err
}

// Stage lets Trino write the rows that a statement gives into a staging table, whose columns it has in their order, and
// returns how many Trino says there are. Of a statement that failed there are none.
func (s *Session) Stage(ctx context.Context, into lake.Staging, name string, pins []trino.Pin, args ...any) (rows int64, err error) {
	err = s.measured(ctx, name, func() (int64, error) {
		rows, err = s.trino.Fill(ctx, into, trino.Query{Text: sql.Text(name), Pins: pins, Args: args})
		return rows, err
	})
	return rows, err
}
