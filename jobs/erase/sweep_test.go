package erase

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

const march5 = "2026-03-05 10:00:00"

// scanned is how many files of a table the next run reads.
func (f *fixture) scanned(table string) int {
	f.t.Helper()
	p, err := NewPlan(context.Background(), f.job(f.Lake))
	if err != nil {
		f.t.Fatal(err)
	}
	defer p.Close() //nolint:errcheck // a test
	if t := p.target(table); t != nil {
		return t.FilesScanned
	}
	return 0
}

func TestFilesThatSlippedPastAreSweptAndFilteredOnesAreNotRead(t *testing.T) {
	f := newFixture(t)
	asked := f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	f.ingest(-1, play(1, "a", "user-1", march5))
	f.delete()

	f.ingest(asked.Sequence(), play(2, "b", "user-2", march5)) // filtered: an ingester would have kept user-1 out
	equal(t, "files read after a filtered commit", f.scanned(catalog.Listens), 0)
	equal(t, "report", f.delete(), Report{})

	f.ingest(asked.Sequence()-1, play(3, "c", "user-1", march5), play(4, "d", "user-2", march5)) // under way when the request came
	f.ingest(-1, play(5, "e", "user-1", "2026-03-06 10:00:00"))                                  // another engine's
	equal(t, "files read after two that slipped past", f.scanned(catalog.Listens), 2)
	f.delete()
	equal(t, "listens", f.left(catalog.Listens), []int64{2, 4})
	equal(t, "log", f.log()[2:], []string{
		"r1@1 located 2 0 0 0 2026-03-05,2026-03-06 2026-03",
		"r1@1 rows_deleted 2 0 0 0 2026-03-05,2026-03-06 2026-03",
	})
	equal(t, "files read once they are swept", f.scanned(catalog.Listens), 0)
}

func TestSweptRowsGoFromTheLedgerToo(t *testing.T) {
	f := newFixture(t)
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	f.delete()
	late := play(1, "a", "user-1", march5)
	f.ingest(-1, late, play(2, "b", "user-2", march5))
	f.royalties([]copyOf{late, play(2, "b", "user-2", march5)}, nil)
	f.delete()
	equal(t, "ledger", f.left(catalog.ListensCounted), []int64{2})
}

func TestLaterRequestDoesNotReadOldFilesForEarlierOnes(t *testing.T) {
	f := newFixture(t)
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	f.ingest(0, play(1, "a", "user-1", march5))
	f.delete()
	f.request(ask{n: 2, id: "r2", user: "user-2", received: "2026-03-21 00:00:00", from: "2026-03-10 00:00:00"})
	f.ingest(1, play(2, "b", "user-2", "2026-03-12 10:00:00"), play(3, "c", "user-3", "2026-03-02 10:00:00"))
	equal(t, "files read", f.scanned(catalog.Listens), 1) // r2 is open and looks at its days; r1 was filtered
	f.delete()
	equal(t, "listens", f.left(catalog.Listens), []int64{3})
}

func TestCompactionIsReadOnlyWhenItMayHaveSwallowedRowsThatSlippedPast(t *testing.T) {
	f := newFixture(t)
	asked := f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	f.ingest(-1, play(1, "a", "user-1", march5), play(2, "b", "user-2", march5))
	f.delete()
	f.ingest(asked.Sequence(), play(4, "d", "user-2", march5))
	if s := f.Compact(f.t, catalog.Listens); s.Operation() != "replace" {
		t.Fatalf("a compaction is an %s", s.Operation())
	}
	equal(t, "files read after a compaction of filtered files", f.scanned(catalog.Listens), 0)
	f.ingest(0, play(3, "c", "user-1", march5))
	f.Compact(f.t, catalog.Listens)
	equal(t, "files read after a compaction of a file that slipped past", f.scanned(catalog.Listens), 1)
	f.delete()
	equal(t, "listens", f.left(catalog.Listens), []int64{2, 4})
}

// during runs the job and lets something else happen right before its first commit to a table.
func (f *fixture) during(table string, happens func()) Report {
	f.t.Helper()
	done := false
	faults := &laketest.Faults{Strike: func(step laketest.Step, name string) error {
		if step == laketest.BeforeCommit && name == table && !done {
			done = true
			happens()
		}
		return nil
	}}
	r, err := Delete(context.Background(), f.job(f.With(faults)))
	if err != nil {
		f.t.Fatal(err)
	}
	if !done {
		f.t.Fatal("nothing happened")
	}
	return r
}

func TestIngestMayAppendBetweenSearchAndDelete(t *testing.T) {
	f := newFixture(t)
	asked := f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	f.ingest(-1, play(1, "a", "user-1", march5), play(2, "b", "user-2", march5))
	f.during(catalog.Listens, func() {
		f.ingest(asked.Sequence(), play(3, "c", "user-2", march5))
		f.ingest(asked.Sequence()-1, play(5, "d", "user-1", "2026-03-08 10:00:00"))
	})
	equal(t, "listens", f.left(catalog.Listens), []int64{2, 3})
	equal(t, "log", f.log(), []string{
		"r1@1 located 1 0 0 0 2026-03-05 2026-03",
		"r1@1 rows_deleted 1 0 0 0 2026-03-05 2026-03",
		"r1@1 located 1 0 0 0 2026-03-08 2026-03",
		"r1@1 rows_deleted 1 0 0 0 2026-03-05,2026-03-08 2026-03",
	})
}

func TestCompactionBetweenSearchAndDeleteIsPlannedAgain(t *testing.T) {
	f := newFixture(t)
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	f.ingest(-1, play(1, "a", "user-1", march5), play(2, "b", "user-2", march5))
	f.ingest(-1, play(3, "c", "user-1", march5))
	f.during(catalog.Listens, func() { f.Compact(f.t, catalog.Listens) })
	equal(t, "listens", f.left(catalog.Listens), []int64{2})
	log := f.log()
	equal(t, "last step", log[len(log)-1], "r1@1 rows_deleted 2 0 0 0 2026-03-05 2026-03")
}

// What a request covers is gone in the end whoever deleted it. Rows of others that another engine deleted stay deleted,
// and none of the rest comes back. On record is what the job deleted, which is a row too that both delete by position
// at the same time.
func TestAnotherEngineDeletesWhileARequestIsOpen(t *testing.T) {
	t.Parallel()
	for way, record := range map[laketest.Way]string{
		laketest.ByPosition: "r1@1 rows_deleted 2 0 0 0 2026-03-05,2026-03-08 2026-03",
		laketest.WholeFiles: "r1@1 rows_deleted 1 0 0 0 2026-03-05,2026-03-08 2026-03",
	} {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.ingest(-1, play(1, "a", "user-1", march5), play(2, "b", "user-2", march5), play(3, "c", "user-1", march5), play(4, "d", "user-2", march5))
			f.ingest(-1, play(5, "e", "user-1", "2026-03-08 10:00:00"), play(6, "f", "user-2", "2026-03-08 10:00:00"))
			f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
			listens := f.Hand(t, catalog.Listens)
			listens.Delete(way, "source_offset IN (1, 2)")
			f.during(catalog.Listens, func() { listens.Delete(way, "source_offset IN (3, 4)") })
			f.delete()
			equal(t, "listens", f.left(catalog.Listens), []int64{6})
			log := f.log()
			equal(t, "last step", log[len(log)-1], record)
			equal(t, "report once it is done", f.delete(), Report{})
		})
	}
}

// Royalties that read the archive before the delete must not bring the row back after it.
func TestRoyaltiesAtWorkAreFencedAndTheirRowsFound(t *testing.T) {
	f := newFixture(t)
	f.royalties(nil, nil)
	a := play(1, "a", "user-1", march5)
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	f.ingest(-1, a)
	stale := f.Snapshot(t, catalog.ListensCounted) // the base of royalties that begin here
	f.during(catalog.ListensCounted, func() { f.royalties([]copyOf{a}, nil) })
	equal(t, "ledger", f.left(catalog.ListensCounted), []int64(nil))
	_, err := f.Commit(t.Context(), catalog.ListensCounted, lake.Commit{Job: catalog.RoyaltiesJob, Stage: lake.IfUnmoved(stale, nil)})
	if !errors.Is(err, lake.ErrFenced) {
		t.Fatalf("royalties from before the delete: %v, want ErrFenced", err)
	}
}

func TestDeleteFencesRoyaltiesEvenWhenTheLedgerLosesNoRow(t *testing.T) {
	f := newFixture(t)
	ledger, duplicates := f.royalties(nil, nil), f.Snapshot(t, catalog.Duplicates)
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	f.ingest(-1, play(1, "a", "user-1", march5))
	f.delete()
	if f.Snapshot(t, catalog.ListensCounted).ID() == ledger.ID() || f.Snapshot(t, catalog.Duplicates).ID() == duplicates.ID() {
		t.Fatal("royalties that read the archive before the delete could still commit")
	}
	covered, err := f.Snapshot(t, catalog.ListensCounted).State(catalog.CoversListens)
	if want, _ := ledger.State(catalog.CoversListens); err != nil || covered != want {
		t.Fatalf("the ledger covers %q, want %q: %v", covered, want, err)
	}
}

func TestRollbackOfTheArchiveIsSweptAgain(t *testing.T) {
	f := newFixture(t)
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	before := f.ingest(0, play(1, "a", "user-1", march5), play(2, "b", "user-2", march5))
	f.delete()
	f.ingest(9, play(3, "c", "user-2", march5))
	f.delete()
	f.request(ask{n: 2, id: "r2", user: "nobody", received: "2026-03-20 00:00:00"})
	f.delete() // now the newest sweep is one that main can lose
	rollback(t, f, before)
	equal(t, "listens after the rollback", f.left(catalog.Listens), []int64{1, 2})
	f.delete()
	equal(t, "listens", f.left(catalog.Listens), []int64{2})
}

// What maintenance takes out around the swept snapshot must not look like a rollback, nor hide what slipped past.
func TestThinnedArchiveIsSweptAsIfItWereWhole(t *testing.T) {
	f := newFixture(t)
	asked := f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	first := f.ingest(-1, play(1, "a", "user-1", march5), play(2, "b", "user-2", march5))
	f.ingest(-1, play(3, "c", "user-2", march5)) // the newest that the sweep reads
	f.delete()
	gone := []lake.Snapshot{
		f.Snapshot(t, catalog.Listens), f.ingest(asked.Sequence(), play(4, "d", "user-2", march5)), f.ingest(asked.Sequence(), play(5, "e", "user-2", march5)),
	}
	f.ingest(asked.Sequence(), play(6, "f", "user-2", march5))
	thin := func() {
		_, err := f.Expire(context.Background(), catalog.Listens, func(now *lake.Table) (list []lake.Snapshot, err error) {
			for _, s := range gone {
				if s, err := now.ByID(s.ID()); err == nil {
					list = append(list, s)
				}
			}
			return list, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	thin()
	equal(t, "files read", f.scanned(catalog.Listens), 0)
	equal(t, "report", f.delete(), Report{})

	f.ingest(asked.Sequence()-1, play(7, "g", "user-1", march5), play(8, "h", "user-2", march5))
	gone = append(gone, f.ingest(asked.Sequence(), play(9, "i", "user-2", march5)))
	f.ingest(asked.Sequence(), play(10, "j", "user-2", march5))
	thin()
	equal(t, "files read after one that slipped past", f.scanned(catalog.Listens), 1)
	f.delete()
	equal(t, "listens", f.left(catalog.Listens), []int64{2, 3, 4, 5, 6, 8, 9, 10})

	rollback(t, f, first)
	f.delete()
	equal(t, "listens after a rollback", f.left(catalog.Listens), []int64{2})
}

func rollback(t *testing.T, f *fixture, to lake.Snapshot) {
	t.Helper()
	main := icetable.NewSetSnapshotRefUpdate(icetable.MainBranch, to.ID(), icetable.BranchRef, 0, 0, 0)
	if _, _, err := f.Catalog.Ice.CommitTable(t.Context(), []string{f.Namespace(), catalog.Listens}, nil, []icetable.Update{main}); err != nil {
		t.Fatal(err)
	}
}

func TestExtentKeepsEveryFileThatMayHoldACoveredCopy(t *testing.T) {
	day := func(s string) int64 { return at(s + " 00:00:00").UnixMicro() }
	request := at("2026-03-15 23:50:00").UnixMicro()
	file := func(part int, received string) lake.File {
		spec := iceberg.NewPartitionSpec(iceberg.PartitionField{SourceIDs: []int{1}, FieldID: 1000, Name: "d", Transform: iceberg.DayTransform{}})
		b, err := iceberg.NewDataFileBuilder(spec, iceberg.EntryContentData, "f", iceberg.ParquetFile, map[int]any{1000: int32(part)}, nil, nil, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		if received != "" {
			lit, err := iceberg.Int64Literal(at(received).UnixMicro()).MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			b = b.LowerBoundValues(map[int][]byte{13: lit})
		}
		return lake.File{DataFile: b.Build()}
	}
	closed := listen.Window{From: day("2026-03-05"), To: day("2026-03-07")}
	open := listen.Window{From: day("2026-03-05"), To: request, UpToRequest: true, ReceivedTime: request}
	ever := listen.Window{From: math.MinInt64, To: request, UpToRequest: true, ReceivedTime: request}
	part := func(s string) int { return lake.Day(at(s + " 00:00:00")) }
	month := func(s string) int { return int(lake.MonthOf(at(s + "-01 00:00:00"))) }
	for _, c := range []struct {
		name    string
		file    lake.File
		monthly bool
		window  listen.Window
		want    bool
	}{
		{"day before the window", file(part("2026-03-04"), ""), false, closed, false},
		{"first day", file(part("2026-03-05"), ""), false, closed, true},
		{"last day", file(part("2026-03-06"), ""), false, closed, true},
		{"day that begins at the end", file(part("2026-03-07"), ""), false, closed, false},
		{"month of the window", file(month("2026-03"), ""), true, closed, true},
		{"month before", file(month("2026-02"), ""), true, closed, false},
		{"month after", file(month("2026-04"), ""), true, closed, false},
		{"day of the request", file(part("2026-03-15"), "2026-03-18 00:00:00"), false, open, true},
		{"day after the request, all received later", file(part("2026-03-16"), "2026-03-15 23:50:00.000001"), false, open, false},
		{"day after the request, one received in time", file(part("2026-03-16"), "2026-03-15 23:50:00"), false, open, true},
		{"day after the request, bounds unknown", file(part("2026-03-16"), ""), false, open, true},
		{"long ago", file(part("1969-12-31"), ""), false, ever, true},
		{"long ago, before the window", file(part("1969-12-31"), ""), false, open, false},
	} {
		if got := extentOf(c.file, c.monthly, 13).meets(c.window); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestBatchesHoldWholeFilesInOrder(t *testing.T) {
	files := []hitFile{{"a", 3}, {"b", 2}, {"c", 9}, {"d", 1}, {"e", 1}}
	want := [][]hitFile{{{"a", 3}, {"b", 2}}, {{"c", 9}}, {{"d", 1}, {"e", 1}}}
	if diff := cmp.Diff(want, batches(files, 5), cmp.AllowUnexported(hitFile{})); diff != "" {
		t.Fatal(diff)
	}
	if got := batches(nil, 5); got != nil {
		t.Fatalf("no files: %v", got)
	}
}

// A rollback can end on the very snapshot that was swept, before its rows were deleted, and an expiry hides whether it
// did.
func TestWhatARollbackBroughtBackIsErasedWhateverHistoryIsLeft(t *testing.T) {
	laketest.Costly(t)
	for name, act := range map[string]func(*fixture, laketest.Hand, lake.Snapshot){
		"to the swept snapshot":          func(_ *fixture, h laketest.Hand, _ lake.Snapshot) { h.Rollback(1) },
		"to the swept snapshot, expired": func(_ *fixture, h laketest.Hand, _ lake.Snapshot) { h.Rollback(1); h.Expire() },
		"before it, compacted, expired": func(f *fixture, h laketest.Hand, _ lake.Snapshot) {
			h.Rollback(2)
			f.Compact(f.t, h.Table())
			h.Expire()
		},
		"appended to since, all expired": func(f *fixture, h laketest.Hand, asked lake.Snapshot) {
			h.Rollback(1)
			f.ingest(asked.Sequence(), play(9, "i", "user-2", march5))
			h.Expire()
		},
		"and back again": func(f *fixture, h laketest.Hand, _ lake.Snapshot) {
			now := f.Snapshot(f.t, h.Table())
			h.Rollback(1)
			h.MoveTo(now)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			laketest.EachExpiry(t, func(t *testing.T, cuts bool) {
				f := newFixture(t)
				f.CutsParents = cuts
				f.ingest(0, play(1, "a", "user-1", march5), play(2, "b", "user-2", march5))
				f.ingest(0, play(3, "c", "user-2", march5))
				asked := f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
				f.delete()
				act(f, f.Hand(t, catalog.Listens), asked)
				f.delete()
				for _, n := range f.left(catalog.Listens) {
					if n == 1 {
						t.Fatalf("the row is there: %d", f.left(catalog.Listens))
					}
				}
				equal(t, "report", f.delete(), Report{})
				equal(t, "files read once that is swept", f.scanned(catalog.Listens), 0)
			})
		})
	}
}

// Nothing was brought back: one search of everything says so, and the next run trusts it.
func TestARollbackThatBroughtNothingBackIsSearchedAfterOnce(t *testing.T) {
	f := newFixture(t)
	f.CutsParents = true
	asked := f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	first := f.ingest(asked.Sequence(), play(2, "b", "user-2", march5))
	f.ingest(-1, play(1, "a", "user-1", march5))
	f.delete()
	h := f.Hand(t, catalog.Listens)
	h.MoveTo(first)
	h.Expire()
	equal(t, "files read", f.scanned(catalog.Listens), 1)
	equal(t, "report", f.delete(), Report{})
	equal(t, "files read after that", f.scanned(catalog.Listens), 0)
}
