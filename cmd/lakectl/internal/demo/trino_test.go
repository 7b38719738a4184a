package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs"
)

// toldOf is what a story says at its end, and each payout it makes.
type toldOf struct {
	report  demoReport
	payouts []string
}

// tellTo tells a story on the empty lake of a configuration, with its engine. That every number is the planned one is
// checked by the story itself.
func tellTo(t *testing.T, config string, o Options) (told toldOf) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lakehouse.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	verb := frame.Verb{Name: "story", Short: "Tells the story.", Examples: []string{"lakectl story"}, Run: func(ctx context.Context, c *frame.Call) (any, error) {
		_, err := reach.Init(ctx, c)
		if err != nil {
			return nil, err
		}
		if strings.Contains(config, "engine: trino") { // a verb that no table of engines knows has DuckDB
			c.Config.Engine = "trino"
		}
		env, closeEnv, err := reach.Env(ctx, c)
		if err != nil {
			return nil, err
		}
		defer closeEnv()
		report, err := tellIn(ctx, c, o, env)
		told.report = report
		if err == nil {
			told.payouts, err = payoutsOf(ctx, env)
		}
		return nil, err
	}}
	var said bytes.Buffer
	groups := []frame.Group{{Title: "Tests", Verbs: []frame.Verb{verb}}}
	if code := frame.Run(laketest.Spared(t.Context()), groups, []string{"lakectl", "--config", file, "story"}, strings.NewReader(""), &said, &said); code != frame.ExitDone {
		t.Fatalf("ends with %d: %s", code, said.String())
	}
	return told
}

func tellIn(ctx context.Context, c *frame.Call, o Options, env jobs.Env) (demoReport, error) {
	result, err := told(ctx, c, o, env)
	report, is := result.(demoReport)
	if err == nil && !is {
		err = fmt.Errorf("the story ends with a %T", result)
	}
	return report, err
}

func payoutsOf(ctx context.Context, env jobs.Env) (list []string, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	now, err := env.Snapshot(ctx, catalog.RoyaltyPayouts)
	if err == nil {
		err = db.Bind(ctx, "payouts", now)
	}
	if err != nil {
		return nil, err
	}
	var row string
	err = db.EachText(ctx, "SELECT CAST(p AS VARCHAR) FROM (SELECT * EXCLUDE (_file, _pos) FROM payouts) p ORDER BY 1", nil, []any{&row},
		func() error { list = append(list, row); return nil })
	return list, err
}

// place is the configuration of where a lake is.
func place(l *laketest.Lake) string {
	return fmt.Sprintf("catalog: {type: %s, uri_file: '%[3]s/uri', warehouse: '%[2]s', subject_key_file: '%[3]s/subject.key'}\nduckdb: {temp_directory: %[3]s/tmp, threads: %[4]d}\n",
		l.Options.Type, l.Options.Warehouse, l.Dir, laketest.Threads())
}

func TestTheStoryComesOutTheSameOnTrino(t *testing.T) {
	laketest.Long(t, "a demo on each engine")
	onTrino, engine := laketest.NewOnTrino(t)
	onDuckDB := laketest.NewIn(t, laketest.Folder(t))
	for _, l := range []*laketest.Lake{onTrino, onDuckDB} {
		if err := os.WriteFile(filepath.Join(l.Dir, "uri"), []byte(l.Options.URI), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{Seed: 1, Listens: 20_000, Dir: "lakehouse"}
	got := tellTo(t, place(onTrino)+fmt.Sprintf("engine: trino\ntrino: {url: '%s', catalog: %s}\n", engine.URL, engine.Catalog), o)
	want := tellTo(t, place(onDuckDB), o)
	for _, r := range []*demoReport{&got.report, &want.report} { // files, times and names are each lake's own
		r.Seconds, r.Proof, r.Before.RunID, r.After.RunID, r.Final.RunID, r.Closed.Tag = 0, demoProof{}, "", "", "", ""
	}
	if diff := cmp.Diff(want.report, got.report); diff != "" || want.report.Checksum == "" {
		t.Errorf("-duckdb +trino\n%s", diff)
	}
	if diff := cmp.Diff(want.payouts, got.payouts); diff != "" || len(want.payouts) == 0 {
		t.Errorf("payouts -duckdb +trino\n%s", diff)
	}
}
