package attest

import (
	"cmp"
	"slices"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/certificate"
	"github.com/lakectl/lakectl/jobs/certificate/keep"
)

// certify sees to it that each request is in exactly one certificate that the log has: those of a run that was cut off
// count, and the rest gets one.
func certify(o Options, lakeID string, now time.Time, due []request) ([]Certificate, error) {
	known := make([]certificate.Request, len(due))
	people := map[string]bool{}
	for i, r := range due {
		known[i], people[r.Subject] = r.known(), true
	}
	openings, _, err := keep.Openings(o.CertificateDir, known)
	if err != nil {
		return nil, err
	}
	commitments := make([]certificate.Hash, len(openings))
	for i, opening := range openings {
		if commitments[i], err = opening.Commitment(); err != nil {
			return nil, err
		}
	}
	found, err := keep.Find(o.CertificateDir, commitments)
	if err != nil {
		return nil, err
	}
	var all []keep.Issued
	for _, i := range found {
		all = append(all, i)
	}
	rest := slices.DeleteFunc(slices.Clone(commitments), func(c certificate.Hash) bool { return found[c].Path != "" })
	if len(rest) > 0 {
		i, err := keep.Issue(o.CertificateDir, batchOf(o.Evidence, lakeID, now, rest, int64(len(people))))
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	var list []Certificate
	for _, i := range all {
		list = append(list, Certificate{Path: i.Path, Index: i.Index})
	}
	slices.SortFunc(list, func(a, b Certificate) int { return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Path, b.Path)) })
	return slices.Compact(list), nil
}

// batchOf is what the certificate of requests says. The evidence counts for all of its requests at once: where one of
// them is in another certificate, or is not concluded, the rest has no counts.
func batchOf(e Evidence, lakeID string, now time.Time, commitments []certificate.Hash, people int64) certificate.Batch {
	b := certificate.Batch{
		Lake: lakeID, IssuedAt: now, Verifier: e.Verifier, Requests: commitments,
		SnapshotsExpired: e.Snapshots, ObjectsRemoved: e.Objects, Residuals: e.Residuals,
	}
	looked := map[catalog.Place]bool{}
	for _, at := range e.Requests {
		looked[at] = true
	}
	if len(looked) == len(commitments) {
		b.Counts = &certificate.Counts{People: people, Plays: e.Rows[catalog.ListensCounted]}
		for _, rows := range e.Rows {
			b.Counts.Rows += rows
		}
	}
	return b
}
