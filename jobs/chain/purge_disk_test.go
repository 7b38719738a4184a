package chain_test

import (
	"bytes"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/purge"
)

// rewritten tells the data files that a purge writes for a table.
func rewritten(name, table string) bool {
	return strings.Contains(name, "/"+table+"/data/"+catalog.DeletionsJob+"-") && !strings.Contains(name, "/"+catalog.DeletionsJob+"-deletes-")
}

// places are the metadata files of the tables that a purge rewrites.
func places(t *testing.T, l *laketest.Lake) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, table := range catalog.ErasedFrom {
		all[table] = heads(t, l)[table]
	}
	return all
}

// finished runs a purge until all is purged, with what an attempt left behind being old enough to go.
func finished(t *testing.T, l *laketest.Lake, before []string) {
	t.Helper()
	age(t, l, 25*time.Hour)
	if _, err := purge.Run(t.Context(), testEnv(l), *atOnce); err != nil {
		t.Fatal(err)
	}
	same(t, "states", states(t, l), []string{"r1 purged", "r2 purged"})
	same(t, "figures", figures(t, l), before)
	same(t, "files with the listener", found(t, l, erasedUser), []string(nil))
}

func TestAFileThatIsNotWhatWasWrittenIsNotCommitted(t *testing.T) {
	laketest.Costly(t)
	for _, table := range []string{catalog.Listens, catalog.ListensCounted}[:laketest.Times(2, 1)] {
		l := prepared(t)
		before, at := figures(t, l), places(t, l)
		flipped := ""
		lying := l.With(&laketest.Faults{Disk: func(name string, p []byte) ([]byte, error) {
			if len(p) < 16 || flipped != "" || !rewritten(name, table) {
				return p, nil
			}
			flipped = name
			p = bytes.Clone(p)
			p[len(p)/2] ^= 4
			return p, nil
		}})
		_, err := purge.Run(t.Context(), testEnv(lying), *atOnce)
		if flipped == "" || !errors.Is(err, jobs.ErrProof) {
			t.Fatalf("%s: damaged %q, %v", table, flipped, err)
		}
		if text := err.Error(); !strings.Contains(text, flipped) || strings.Count(text, ".parquet") < 2 {
			t.Errorf("both files are to be named: %v", err)
		}
		if now := places(t, l); now[table] != at[table] {
			t.Errorf("%s was written", table)
		}
		same(t, "figures after the failure", figures(t, l), before)
		finished(t, l, before)
	}
}

func TestAFullDiskInMidRewriteLeavesNothingHalf(t *testing.T) {
	laketest.Costly(t)
	for _, table := range []string{catalog.ListensCounted, catalog.Listens}[:laketest.Times(2, 1)] {
		l := prepared(t)
		before, at := figures(t, l), places(t, l)
		written := 0
		full := l.With(&laketest.Faults{Disk: func(name string, p []byte) ([]byte, error) {
			if rewritten(name, table) {
				if written += len(p); written > 600 {
					return nil, syscall.ENOSPC
				}
			}
			return p, nil
		}})
		_, err := purge.Run(t.Context(), testEnv(full), *atOnce)
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), table) {
			t.Fatalf("%s: %d bytes written, %v", table, written, err)
		}
		if now := places(t, l); now[table] != at[table] {
			t.Errorf("%s was written", table)
		}
		same(t, "figures after the failure", figures(t, l), before)
		finished(t, l, before)
	}
}
