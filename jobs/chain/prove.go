package chain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/attest"
	"github.com/lakectl/lakectl/jobs/certificate"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/jobs/erase/book"
	"github.com/lakectl/lakectl/jobs/purge"
	"github.com/lakectl/lakectl/jobs/verify"
	"github.com/lakectl/lakectl/lake"
)

// Proved is what a look saw, and what followed from it.
type Proved struct {
	verify.Report
	Concluded *attest.Report `json:"concluded,omitempty"`
}

// Prove looks for all purged requests in what is left of the lake. Those that it does not find become verified, and
// their certificate is issued. The report of the look is whole beside an error that is [jobs.ErrProof].
func Prove(ctx context.Context, env jobs.Env, o verify.Options, certificateDir string) (r Proved, err error) {
	o.Request = ""
	began := env.Now()
	if r.Report, err = verify.Look(ctx, env, o); err != nil {
		return r, err
	}
	e := attest.Evidence{At: began, Verifier: "lakectl " + env.CodeVersion}
	if err := gather(ctx, env, r.Report, &e); err != nil {
		return r, fmt.Errorf("gather the evidence: %w", err)
	}
	done, err := attest.Conclude(ctx, env, attest.Options{CertificateDir: certificateDir, Evidence: e})
	if err == nil {
		r.Concluded = &done
	}
	return r, err
}

// gather fills the evidence with what is on record about the requests that a look did not find.
func gather(ctx context.Context, env jobs.Env, report verify.Report, e *attest.Evidence) error {
	at := map[catalog.Place]bool{}
	for _, r := range report.Requests {
		at[r.Place] = true
		e.Requests = append(e.Requests, r.Place)
	}
	all, err := erase.List(ctx, env)
	if err != nil {
		return err
	}
	e.Rows = map[string]int64{}
	for _, r := range all {
		if at[catalog.Place{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset}] {
			e.Rows[catalog.Listens] += r.Listens
			e.Rows[catalog.Quarantine] += r.Quarantine
			e.Rows[catalog.ListensCounted] += r.Counted
			e.Rows[catalog.Duplicates] += r.Duplicates
		}
	}
	e.Residuals = residualsOf(report.Residuals)
	removed, err := purge.Removed(ctx, env)
	if err != nil {
		return err
	}
	if e.Objects, err = certificate.TallyOf(removed); err != nil {
		return err
	}
	expired, err := expired(ctx, env)
	if err != nil {
		return err
	}
	e.Snapshots, err = certificate.TallyOf(expired)
	return err
}

// residualsOf is what a certificate says of places that a look did not see.
func residualsOf(unseen []verify.Residual) (list []certificate.Residual) {
	for _, r := range unseen {
		if r.What == catalog.DeletionRequests { // it is wiped next
			continue
		}
		what := r.What + ": " + r.Why
		if r.Before != nil {
			what += "; if made before " + r.Before.Format(time.RFC3339)
		}
		list = append(list, certificate.Residual{What: what, Until: r.Until})
	}
	return list
}

// expired are the snapshots with which erased rows went and that the tables do not have any more.
func expired(ctx context.Context, env jobs.Env) (list []string, err error) {
	files, err := book.ReadFiles(ctx, env)
	if err != nil {
		return nil, err
	}
	tables := map[string]*lake.Table{}
	for _, name := range catalog.ErasedFrom {
		if tables[name], err = env.Lake.Table(ctx, name); err != nil {
			return nil, err
		}
	}
	for _, f := range files {
		now, has := tables[f.Table]
		if !has {
			return nil, fmt.Errorf("table %s of %s: %w", f.Table, catalog.ErasedFiles, lake.ErrNotFound)
		}
		if _, err := now.ByID(f.SnapshotID); f.SnapshotID != 0 && errors.Is(err, lake.ErrExpired) {
			list = append(list, fmt.Sprintf("%s/%d", f.Table, f.SnapshotID))
		}
	}
	return list, nil
}
