package restcatalog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lakectl/lakectl/catalog"
)

func TestKeptAnswersAreBoundedAndMadeOnce(t *testing.T) {
	d := newDocuments(1000)
	var made, at atomic.Int64
	get := func(tag string, size int) {
		body, err := d.get(t.Context(), tag, func(context.Context) ([]byte, error) {
			if at.Add(1) > 1 {
				t.Error("two are made at a time")
			}
			defer at.Add(-1)
			made.Add(1)
			return make([]byte, size), nil
		})
		if err != nil || len(body) != size {
			t.Errorf("%s: %d bytes, %v", tag, len(body), err)
		}
	}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() { get("same", 200) })
	}
	wait.Wait()
	if made.Load() != 1 {
		t.Errorf("one answer was made %d times", made.Load())
	}
	for i := range 50 {
		get(fmt.Sprint("other", i), 200)
		if d.bytes > 1000 {
			t.Fatalf("%d bytes are kept", d.bytes)
		}
	}
	made.Store(0)
	get("other49", 200)
	get("large", 300)
	get("large", 300)
	get("same", 200)
	if made.Load() != 3 {
		t.Errorf("%d were made, want the large one twice and the one from long ago", made.Load())
	}
}

func TestAnAnswerThatCannotBeMadeIsNotKept(t *testing.T) {
	d, failed := newDocuments(1000), errors.New("no")
	if _, err := d.get(t.Context(), "a", func(context.Context) ([]byte, error) { return nil, failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
	if body, err := d.get(t.Context(), "a", func(context.Context) ([]byte, error) { return []byte("x"), nil }); err != nil || string(body) != "x" {
		t.Errorf("%q, %v", body, err)
	}
}

func TestMetadataKeepsWhatNobodyHereKnows(t *testing.T) {
	const full = `{"current-snapshot-id":9007199254740993,"snapshots":[{"snapshot-id":1,"new":1},{"snapshot-id":9007199254740993,"new":{"deep":[1.50]}}],
		"refs":{"main":{"snapshot-id":9007199254740993,"type":"branch"},"t":{"snapshot-id":1,"type":"tag"}},"statistics":[{"snapshot-id":1}],"later":{"x":1e400}}`
	for h, want := range map[history]string{
		current: `{"current-snapshot-id":9007199254740993,"later":{"x":1e400},"refs":{"main":{"snapshot-id":9007199254740993,"type":"branch"}},` +
			`"snapshots":[{"snapshot-id":9007199254740993,"new":{"deep":[1.50]}}],"statistics":[]}`,
		refs: `{"current-snapshot-id":9007199254740993,"later":{"x":1e400},"refs":{"main":{"snapshot-id":9007199254740993,"type":"branch"},"t":{"snapshot-id":1,"type":"tag"}},` +
			`"snapshots":[{"snapshot-id":1,"new":1},{"snapshot-id":9007199254740993,"new":{"deep":[1.50]}}],"statistics":[{"snapshot-id":1}]}`,
	} {
		if got, err := thinned([]byte(full), h); err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", h, err, got, want)
		}
	}
	if _, err := thinned([]byte(`{"snapshots":{}}`), current); err == nil {
		t.Error("snapshots that are no list are taken for none")
	}
}

func TestOfATableWithListenersTheNewestSnapshotIsNamedInAnyCase(t *testing.T) {
	for _, table := range []string{catalog.Listens, strings.ToUpper(catalog.Listens), "Listens"} {
		for _, asked := range []string{"", "all", "refs"} {
			if h, ok := historyOf(table, asked); !ok || h != current {
				t.Errorf("of %s, asked for %q, is named %s", table, asked, h)
			}
		}
	}
}
