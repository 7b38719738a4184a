package attest_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/attest"
	"github.com/lakectl/lakectl/jobs/certificate"
	"github.com/lakectl/lakectl/jobs/certificate/keep"
)

func TestConcludedRequestsNameNobodyInAnyFile(t *testing.T) {
	w := purged(t, 1, 2)
	if len(w.holding(aUser)) == 0 || len(w.holding(aReason)) == 0 || len(w.holding(aWhy)) == 0 {
		t.Fatal("the search finds nothing where there is something")
	}
	r := w.conclude(1, 2)
	equal(t, "files wiped", r.FilesWiped, 2)
	equal(t, "steps", w.steps(), []string{"r1 verified nobody no reason 4", "r2 verified nobody no reason 2"})
	w.wiped()
}

func TestRequestsThatAreNotConcludedKeepWhatTheySay(t *testing.T) {
	w := purged(t, 1, 2)
	w.ask(3)
	w.logged("rows_deleted", "", 5, 3)
	sequence := w.sequences()
	r := w.conclude(1, 3)
	equal(t, "left", r.Left, 1)
	equal(t, "steps", w.steps(), []string{
		"r1 verified nobody no reason 4", "r2 purged user-of-the-request2 reason-of-the-request2 1", "r3 rows_deleted user-of-the-request3 reason-of-the-request3 1",
	})
	// By these others tell which listens were filtered against a request.
	equal(t, "sequence numbers of the files", w.sequences(), sequence)
}

func (w *world) sequences() (list []int64) {
	w.t.Helper()
	files, err := w.Snapshot(w.t, catalog.DeletionRequests).Files(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range files {
		list = append(list, f.Sequence)
	}
	slices.Sort(list)
	return list
}

func TestALookFromBeforeTheLastStepConcludesNothing(t *testing.T) {
	w := purged(t, 1)
	o := w.options(1)
	o.Evidence.At = noon.Add(-11 * 60e9)
	r, err := attest.Conclude(t.Context(), w.env(w.Lake), o)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "report", r, attest.Report{Left: 1})
	equal(t, "certificates", w.entered(), 0)
}

func TestRunningAgainWritesNothing(t *testing.T) {
	w := purged(t, 1, 2)
	w.conclude(1, 2)
	heads := w.heads()
	equal(t, "report", w.conclude(1, 2), attest.Report{})
	equal(t, "heads", w.heads(), heads)
	equal(t, "certificates", w.entered(), 1)
}

func (w *world) heads() (ids []int64) {
	for _, table := range []string{catalog.DeletionRequests, catalog.DeletionLog} {
		ids = append(ids, w.Snapshot(w.t, table).ID())
	}
	return ids
}

func TestCertificateVerifiesAndAnAlteredByteIsRefused(t *testing.T) {
	w := purged(t, 1, 2, 3, 4, 5)
	e := w.evidence(w.conclude(1, 2, 3, 4, 5).Certificates[0], 3)
	r, err := certificate.Verify(e)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the request", r.Opened[0].SourceOffset, int64(3))
	equal(t, "counts", r.Certificate.Counts, &certificate.Counts{People: 5, Rows: 70, Plays: 30})
	e.Certificate[len(e.Certificate)/2] ^= 1
	if _, err := certificate.Verify(e); !errors.Is(err, certificate.ErrAltered) {
		t.Errorf("altered: %v", err)
	}
}

func TestFewPeopleAreNotCounted(t *testing.T) {
	w := purged(t, 1, 2, 3, 4)
	r, err := certificate.Verify(w.evidence(w.conclude(1, 2, 3, 4).Certificates[0], 3))
	if err != nil || r.Certificate.Counts != nil {
		t.Errorf("counts %v, %v", r.Certificate.Counts, err)
	}
}

func TestForgettingTheOpeningUnlinksTheRequest(t *testing.T) {
	w := purged(t, 1, 2)
	c := w.conclude(1, 2).Certificates[0]
	forgot, err := keep.Forget(w.dir, certificate.Request{SourceTopic: "listens", SourceOffset: 1})
	if err != nil || !forgot {
		t.Fatal(forgot, err)
	}
	for n, want := range map[int]bool{1: false, 2: true} {
		r, err := certificate.Verify(w.evidence(c, n))
		if err != nil || r.Opened != nil != want {
			t.Errorf("request %d: opened %v, %v", n, r.Opened, err)
		}
	}
}

func TestATagOnWhatIsWipedIsNamed(t *testing.T) {
	w := purged(t, 1)
	if err := w.Tag(t.Context(), "audit", w.Snapshot(t, catalog.DeletionRequests), 0); err != nil {
		t.Fatal(err)
	}
	_, err := attest.Conclude(t.Context(), w.env(w.Lake), w.options(1))
	if !errors.Is(err, jobs.ErrPartial) {
		t.Fatal(err)
	}
	equal(t, "steps", w.steps(), []string{"r1 purged nobody no reason 3"})
}

func TestCrashAtAnyStepEndsAsIfItHadNotHappened(t *testing.T) {
	laketest.Costly(t)
	last := 0
	for nth := 1; ; nth += laketest.Stride(4) {
		w := purged(t, 1, 2)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := attest.Conclude(ctx, w.env(w.With(laketest.CrashOnce(nth, cancel))), w.options(1, 2))
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, laketest.ErrInjected) && !errors.Is(err, context.Canceled) {
			t.Fatalf("crash at step %d: %v", nth, err)
		}
		w.conclude(1, 2)
		equal(t, "steps", w.steps(), []string{"r1 verified nobody no reason 4", "r2 verified nobody no reason 2"})
		equal(t, "certificates", w.entered(), 1)
		w.wiped()
		last = nth
	}
	if last < 15 {
		t.Fatalf("%d steps: the faults do not reach the job", last)
	}
}
