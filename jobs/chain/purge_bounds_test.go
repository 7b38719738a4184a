package chain_test

import (
	"path"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/purge"
	"github.com/lakectl/lakectl/lake"
)

// telling are the manifests of all snapshots that tell values of personal columns.
func telling(t *testing.T, l *laketest.Lake) (all []string) {
	t.Helper()
	for _, table := range catalog.ErasedFrom {
		now := l.Snapshot(t, table).Table()
		found, err := now.ManifestsWithBounds(t.Context(), catalog.PersonalColumns(table), now.Snapshots())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

func TestNoManifestTellsWhoListenedOncePurged(t *testing.T) {
	laketest.Costly(t)
	l := erasable(t)
	const metrics = "write.metadata.metrics.column.user_id"
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	hand := l.Hand(t, catalog.Listens)
	hand.Property(metrics, "full") // as an engine does that looks at no such property
	hand.Insert([]any{"theirs", otherUser, "t1", "A", "phone", at, 201000, nil, "DE", "free", nil, nil, at, nil, "theirs", 0, 0})
	hand.Property(metrics, "none")
	ingestText(t, testEnv(l), "requests", asked("r1", erasedUser))
	carryOut(t, l, nil)
	if len(telling(t, l)) == 0 {
		t.Fatal("no manifest tells anything to begin with")
	}
	before, covered := figures(t, l), l.Snapshot(t, catalog.Listens).ID()
	carryOut(t, l, atOnce)
	same(t, "states", states(t, l), []string{"r1 purged"})
	same(t, "manifests that tell", telling(t, l), []string(nil))
	same(t, "figures", figures(t, l), before)
	if _, unbroken := l.Snapshot(t, catalog.Listens).Since(covered); !unbroken {
		t.Error("a consumer has to start over")
	}
}

func TestARequestThatStaysBlockedReadsOnlyTheSnapshotThatBlocks(t *testing.T) {
	laketest.Costly(t)
	l := erasable(t)
	if err := l.Tag(t.Context(), "keep-me", l.Snapshot(t, catalog.Listens), 0); err != nil {
		t.Fatal(err)
	}
	ingestText(t, testEnv(l), "requests", asked("r1", erasedUser))
	carryOut(t, l, nil)
	if _, err := purge.Run(t.Context(), testEnv(l), *atOnce); err != nil { // the first attempt rewrites files
		t.Fatal(err)
	}
	lists := map[string]bool{}
	counting := l.With(&laketest.Faults{Opened: func(name string) {
		if strings.Contains(name, "/"+catalog.Listens+"/metadata/snap-") {
			lists[path.Base(name)] = true
		}
	}})
	r, err := purge.Run(t.Context(), testEnv(counting), *atOnce)
	if err != nil || len(r.Blocked) != 1 || !strings.Contains(r.Blocked[0].By, "keep-me") {
		t.Fatalf("%+v, %v", r, err)
	}
	if n := len(l.Snapshot(t, catalog.Listens).Table().Snapshots()); len(lists) != 2 || n < 5 {
		t.Errorf("of %d snapshots %d were read, the current one and that of the tag are needed", n, len(lists))
	}
	if _, err := l.DropRefs(t.Context(), catalog.Listens, func(now *lake.Table) (drop []lake.Ref) {
		for _, ref := range now.NamedRefs() {
			if ref.Name == "keep-me" {
				drop = append(drop, ref)
			}
		}
		return drop
	}); err != nil {
		t.Fatal(err)
	}
	carryOut(t, l, atOnce)
	same(t, "states", states(t, l), []string{"r1 purged"})
}
