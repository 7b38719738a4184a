package open_test

import (
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
)

// A server that has no connection left refuses all its clients.
func TestManyWhoUseOneCatalogTakeFewConnectionsToPostgres(t *testing.T) {
	s := newServer(t)
	database, _, _ := s.databases()
	s.exec("CREATE DATABASE " + database)
	o := s.options(database, laketest.Folder(t))
	if _, err := open.Init(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	l := openLake(t, o)
	appendSources(t, l, "one")
	var many errgroup.Group
	for range 60 {
		many.Go(func() error {
			for range 20 {
				if _, err := l.Table(t.Context(), catalog.Sources); err != nil {
					return err
				}
			}
			return nil
		})
	}
	done := make(chan error, 1)
	go func() { done <- many.Wait() }()
	most := 0
	for err, ended := error(nil), false; !ended; {
		select {
		case err = <-done:
			ended = true
		default:
		}
		var n int
		if scanErr := s.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = $1", database).Scan(&n); scanErr != nil || err != nil {
			t.Fatal(scanErr, err)
		}
		most = max(most, n)
	}
	if most == 0 || most > 4 {
		t.Errorf("they took %d connections", most)
	}
	closeLake(t, l)
}
