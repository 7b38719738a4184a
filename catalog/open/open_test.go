package open_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
)

func options(t *testing.T) open.Options {
	dir := laketest.Folder(t)
	return open.Options{
		Type: "sqlite", URI: filepath.Join(dir, "lake house", "catalog.db"), Name: "lake", Warehouse: filepath.Join(dir, "lake house", "warehouse"),
		Log: slog.New(slog.DiscardHandler),
	}
}

func TestInitIsSafeToRepeatAndKeepsTheKey(t *testing.T) {
	o := options(t)
	made, err := open.Init(t.Context(), o)
	if err != nil || len(made) != len(catalog.Specs()) {
		t.Fatalf("made %v, %v", made, err)
	}
	key, err := open.SubjectKey(o)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(filepath.Dir(o.URI), "subject.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file has mode %v, %v", info.Mode(), err)
	}
	if made, err = open.Init(t.Context(), o); err != nil || len(made) != 0 {
		t.Errorf("again: made %v, %v", made, err)
	}
	if again, err := open.SubjectKey(o); err != nil || again != key {
		t.Errorf("the key changed, %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(o.URI), ".subject-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSeveralInitsAtOnceAgree(t *testing.T) {
	o := options(t)
	const inits = 4
	type outcome struct {
		made []string
		err  error
	}
	done := make(chan outcome, inits)
	for range inits {
		go func() {
			made, err := open.Init(context.Background(), o)
			done <- outcome{made, err}
		}()
	}
	var made []string
	for range inits {
		one := <-done
		if one.err != nil {
			t.Error(one.err)
		}
		made = append(made, one.made...)
	}
	slices.Sort(made)
	if len(made) != len(catalog.Specs()) || len(slices.Compact(made)) != len(catalog.Specs()) {
		t.Errorf("made %v", made)
	}
}

func TestWithoutItsKeyNothingStarts(t *testing.T) {
	o := options(t)
	if _, err := open.SubjectKey(o); err == nil || lake.Hint(err) == "" {
		t.Errorf("no key: %v, want an error with a hint", err)
	}
	o.SubjectKeyFile = filepath.Join(laketest.Folder(t), "key")
	if err := os.WriteFile(o.SubjectKeyFile, []byte("too short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Init(t.Context(), o); err == nil || lake.Hint(err) == "" {
		t.Errorf("a damaged key: %v, want an error with a hint", err)
	}
}

func TestWhatThisBuildCannotOpenIsSaidAtOnce(t *testing.T) {
	for _, change := range []func(*open.Options){
		func(o *open.Options) { o.Type = "hive" },
		func(o *open.Options) { o.Warehouse = "gs://bucket/warehouse" },
		func(o *open.Options) { o.Warehouse = "s3://bucket/warehouse" }, // and no folder for copies
		func(o *open.Options) { o.URI = filepath.Join(laketest.Folder(t), "missing", "catalog.db") },
	} {
		o := options(t)
		change(&o)
		if _, err := open.Connect(t.Context(), o); err == nil || lake.Hint(err) == "" {
			t.Errorf("%+v: %v, want an error with a hint", o, err)
		}
	}
}

// postgres makes a database of its own on the server.
func postgres(t *testing.T) open.Options {
	server := laketest.Engine(t, "POSTGRES_DSN")
	o := options(t)
	name := fmt.Sprintf("lakectl_%d", time.Now().UnixNano())
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() }) //nolint:errcheck // a connection of the test
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	o.Type, o.URI, o.SubjectKeyFile = "postgres", u.String(), filepath.Join(laketest.Folder(t), "subject.key")
	return o
}

func TestRivalsOnPostgresAllLandOnce(t *testing.T) {
	o := postgres(t)
	if made, err := open.Init(t.Context(), o); err != nil || len(made) != len(catalog.Specs()) {
		t.Fatalf("made %v, %v", made, err)
	}
	const rivals, rounds = 4, 4
	done := make(chan error, rivals)
	for range rivals {
		go func() { done <- commitRounds(o, rounds) }()
	}
	for range rivals {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	c, err := open.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // the test is over
	tbl, err := c.Lake().Table(t.Context(), catalog.Sources)
	if err != nil {
		t.Fatal(err)
	}
	files, err := tbl.Current().Files(t.Context())
	if err != nil || len(files) != rivals*rounds {
		t.Errorf("%d files, %v; want %d", len(files), err, rivals*rounds)
	}
}

// commitRounds is one rival with a connection of its own.
func commitRounds(o open.Options, rounds int) (err error) {
	c, err := open.Connect(context.Background(), o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	l := c.Lake()
	for i := range rounds {
		tbl, err := l.Table(context.Background(), catalog.Sources)
		if err != nil {
			return err
		}
		files, err := tbl.WriteRows(context.Background(), "test", [][]any{{"s", i, time.Now()}})
		if err != nil {
			return err
		}
		anyBase := func(lake.Snapshot) (map[string]string, error) { return nil, nil }
		if _, err := l.Commit(context.Background(), catalog.Sources, lake.Commit{Job: "test", Add: files, Stage: anyBase}); err != nil {
			return err
		}
	}
	return nil
}
