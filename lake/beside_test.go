package lake_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// beside is a lake in which something happens once, when a manifest list is about to be read after it was armed.
func beside(l *laketest.Lake, armed *bool, happens func()) *laketest.Lake {
	return l.With(&laketest.Faults{Opened: func(name string) {
		if *armed && strings.Contains(name, "snap-") {
			*armed = false
			happens()
		}
	}})
}

// What it has taken out of the history goes from the disk, and does not wait for a sweep of orphans.
func TestExpiryBesideAnotherLeavesNoFile(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 8)
	armed, others := false, 0
	other := beside(l, &armed, func() {
		done, err := l.Expire(t.Context(), catalog.PlaysByHour, without(list[7]))
		if err != nil {
			t.Error(err)
		}
		others = done.Snapshots
	})
	chosen := func(now *lake.Table) ([]lake.Snapshot, error) {
		doomed, err := without(list[0], list[2], list[5], list[7])(now)
		armed = len(doomed) == 0 && others == 0
		return doomed, err
	}
	done, err := other.Expire(t.Context(), catalog.PlaysByHour, chosen)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, []int{done.Snapshots, others}, []int{4, 3})
	after, _ := onDisk(t, l)
	expect(t, after, referred(t, l))
}

func TestOrphansAreToldBesideAnExpiry(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 4)
	orphan := put(t, filepath.Join(folderOf(t, l), "data", "left.parquet"))
	age(t, folderOf(t, l), 48*time.Hour)
	armed := true
	other := beside(l, &armed, func() {
		if _, err := l.Expire(t.Context(), catalog.PlaysByHour, without(list[1], list[3])); err != nil {
			t.Error(err)
		}
	})
	plan, err := other.PlanOrphans(t.Context(), catalog.PlaysByHour)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, pathsOf(plan), []string{"data/left.parquet"})
	other = beside(l, &armed, func() {
		if _, err := l.Expire(t.Context(), catalog.PlaysByHour, without(list[3])); err != nil {
			t.Error(err)
		}
	})
	armed = true
	done, err := other.SweepOrphans(t.Context(), plan)
	if err != nil || done.Files != 1 || armed {
		t.Fatalf("%+v, %v", done, err)
	}
	if _, err := os.Stat(orphan); !os.IsNotExist(err) {
		t.Errorf("the orphan: %v", err)
	}
}

func TestRemovedEntriesAreDroppedBesideAnExpiryOfTheSnapshotThatWasCurrent(t *testing.T) {
	l := laketest.New(t)
	history(t, l, 3)
	armed := true
	other := beside(l, &armed, func() {
		newest := history(t, l, 1)
		if _, err := l.Expire(t.Context(), catalog.PlaysByHour, without(newest...)); err != nil {
			t.Error(err)
		}
	})
	after, err := other.DropRemoved(t.Context(), catalog.PlaysByHour, "test", func(iceberg.DataFile) bool { return true })
	if err != nil || armed || !after.StandsIn() {
		t.Fatalf("stands in %t, %v", after.StandsIn(), err)
	}
}
