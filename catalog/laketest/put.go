package laketest

import (
	"testing"

	"github.com/lakectl/lakectl/lake"
)

// Put commits rows to a table as a job does, with state; rows may be none.
func (l *Lake) Put(t testing.TB, job, table string, state map[string]string, rows ...[]any) lake.Snapshot {
	t.Helper()
	c := lake.Commit{Job: job, Stage: func(lake.Snapshot) (map[string]string, error) {
		summary := map[string]string{}
		for k, v := range state {
			summary[lake.StateKey(k)] = v
		}
		return summary, nil
	}}
	var err error
	if len(rows) > 0 {
		c.Add, err = l.Snapshot(t, table).Table().WriteRows(t.Context(), "test", rows)
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Commit(t.Context(), table, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
