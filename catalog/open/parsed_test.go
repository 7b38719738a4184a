package open_test

import (
	"context"
	"database/sql"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
)

func TestCommitsOfAnotherProcessAreSeenAtOnce(t *testing.T) {
	l := laketest.New(t)
	other, err := open.Connect(t.Context(), l.Options)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close() //nolint:errcheck // a test
	for range 3 {
		for _, commits := range []*lake.Lake{l.Lake, other.Lake()} {
			s, err := commits.Commit(t.Context(), catalog.Sources, lake.Commit{Job: "test", Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }})
			if err != nil {
				t.Fatal(err)
			}
			for who, sees := range map[string]*lake.Lake{"this": l.Lake, "the other": other.Lake()} {
				table, err := sees.Table(t.Context(), catalog.Sources)
				if err != nil || table.Current().ID() != s.ID() {
					t.Fatalf("%s sees %d, %v, want %d", who, table.Current().ID(), err, s.ID())
				}
			}
		}
	}
	if err := l.Catalog.Ice.DropTable(t.Context(), []string{catalog.Namespace, catalog.Sources}); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Lake().Table(t.Context(), catalog.Sources); err == nil {
		t.Error("a dropped table is still there")
	}
}

// A process that commits for days holds the newest version of a table, not all that it came from.
func TestOlderVersionsLeaveTheMemory(t *testing.T) {
	l := laketest.New(t)
	const table = catalog.PlaysByHour
	add := func(rows ...[]any) {
		s := l.Snapshot(t, table)
		files, err := s.Table().WriteRows(t.Context(), "test", rows)
		if err == nil {
			_, err = l.Commit(t.Context(), table, lake.Commit{Job: "test", Add: files, Stage: lake.IfUnmoved(s, nil)})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	one := func() { add([]any{time.Now(), "a", "t", "NL", "phone", 1, 1000}) }
	none := func() { add() }
	commits := []func(){one, one, none, one, func() { l.Compact(t, table) }, one, func() { l.Purge(t, table) }, one, one}
	gone := make(chan struct{}, len(commits))
	for _, commit := range commits {
		commit()
		ice, err := l.Catalog.Ice.LoadTable(t.Context(), []string{catalog.Namespace, table})
		if err != nil {
			t.Fatal(err)
		}
		runtime.SetFinalizer(ice.Metadata(), func(icetable.Metadata) { gone <- struct{}{} })
	}
	for left := len(commits) - 1; left > 0; left-- {
		runtime.GC()
		select {
		case <-gone:
		case <-time.After(20 * time.Second):
			t.Fatalf("of %d versions %d older ones are still in memory", len(commits), left)
		}
	}
}

func TestCommitsOfTwoProcessesAtOnceAllLand(t *testing.T) {
	l := laketest.New(t)
	const writers, commits = 3, 8
	done := make(chan error, writers)
	for range writers {
		o := l.Options
		go func() {
			done <- func() error {
				c, err := open.Connect(context.Background(), o)
				if err != nil {
					return err
				}
				defer c.Close() //nolint:errcheck // a test
				for range commits {
					count := func(now lake.Snapshot) (map[string]string, error) {
						n, err := now.StateNumber("n")
						return map[string]string{lake.StateKey("n"): strconv.FormatInt(n+1, 10)}, err
					}
					if _, err := c.Lake().Commit(context.Background(), catalog.Sources, lake.Commit{Job: "test", Stage: count}); err != nil {
						return err
					}
				}
				return nil
			}()
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	now := l.Snapshot(t, catalog.Sources)
	if n, err := now.StateNumber("n"); n != writers*commits || err != nil || len(now.Table().Snapshots()) != writers*commits {
		t.Errorf("counted to %d in %d snapshots, %v, want %d", n, len(now.Table().Snapshots()), err, writers*commits)
	}
	// The library alone reads the same table.
	db, err := sql.Open("sqlite", l.Options.URI)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a test
	plain, err := icesql.NewCatalog(l.Options.Name, db, icesql.SQLite, iceberg.Properties{})
	if err != nil {
		t.Fatal(err)
	}
	table, err := plain.LoadTable(t.Context(), []string{catalog.Namespace, catalog.Sources})
	if err != nil || table.CurrentSnapshot().SnapshotID != now.ID() || len(table.Metadata().Snapshots()) != writers*commits {
		t.Fatalf("the library sees %v, %v", table, err)
	}
}
