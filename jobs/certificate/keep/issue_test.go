package keep

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lakectl/lakectl/jobs/certificate"
	"github.com/lakectl/lakectl/lake"
)

var asked = certificate.Request{SourceTopic: "listens", SourceOffset: 17, Subject: "00ff"}

// batch is about one request.
func batch(t *testing.T, dir string) certificate.Batch {
	t.Helper()
	openings, _, err := Openings(dir, []certificate.Request{asked})
	if err != nil {
		t.Fatal(err)
	}
	c, err := openings[0].Commitment()
	if err != nil {
		t.Fatal(err)
	}
	return certificate.Batch{Lake: "l", Verifier: "v", IssuedAt: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC), Requests: []certificate.Hash{c}}
}

func TestACertificateThatIsEnteredIsFoundAndNoneIssuedBesideIt(t *testing.T) {
	dir := begun(t)
	b := batch(t, dir)
	i, err := Issue(dir, b)
	if err != nil || i.Index != 1 {
		t.Fatal(i, err)
	}
	found, err := Find(dir, batch(t, dir).Requests) // the opening is drawn once
	if err != nil || found[b.Requests[0]].Path != i.Path {
		t.Errorf("found %v, %v", found, err)
	}
	if _, err := Issue(dir, b); !errors.Is(err, lake.ErrFenced) {
		t.Errorf("issued again: %v", err)
	}
	if _, err := Rotate(dir); err != nil {
		t.Fatal(err)
	}
	if found, err := Find(dir, b.Requests); err != nil || len(found) != 1 {
		t.Errorf("after a rotation: found %v, %v", found, err)
	}
}

func TestACertificateIsFoundAfterItsLogHasEnded(t *testing.T) {
	dir := begun(t)
	b := batch(t, dir)
	if _, err := Issue(dir, b); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(KeyFile(dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := BeginAnew(dir); err != nil {
		t.Fatal(err)
	}
	if found, err := Find(dir, b.Requests); err != nil || len(found) != 1 {
		t.Errorf("found %v, %v", found, err)
	}
}

// A run was cut off after it kept the certificate and before it entered it.
func TestACertificateThatWasNotEnteredIsNone(t *testing.T) {
	dir := begun(t)
	b, log := batch(t, dir), raw(t, dir, logName)
	if _, err := Issue(dir, b); err != nil {
		t.Fatal(err)
	}
	put(t, dir, logName, log)
	if found, err := Find(dir, b.Requests); err != nil || len(found) != 0 {
		t.Fatalf("found %v, %v", found, err)
	}
	if _, err := Issue(dir, b); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(filepath.Join(dir, certificatesName))
	if err != nil || len(files) != 1 {
		t.Errorf("%d certificates, %v", len(files), err)
	}
}

func TestAnOpeningIsForgottenForGood(t *testing.T) {
	dir := begun(t)
	b := batch(t, dir)
	for _, want := range []bool{true, false} {
		if was, err := Forget(dir, asked); err != nil || was != want {
			t.Errorf("forgot %v, %v", was, err)
		}
	}
	if _, err := ReadOpening(dir, asked); !errors.Is(err, lake.ErrNotFound) {
		t.Errorf("opening: %v", err)
	}
	if again := batch(t, dir); again.Requests[0] == b.Requests[0] {
		t.Error("the same random bytes were drawn again")
	}
}
