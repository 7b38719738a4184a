package demo

import (
	"errors"
	"testing"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/simulate"
)

// toldRight is the report of a demo that went as planned.
func toldRight(truth simulate.Truth) demoReport {
	p := truth.Period("2026-03")
	var erased, gone int64
	for _, d := range truth.Deletions {
		erased += int64(d.Erased.Copies)
		gone += int64(d.Erased.Listens)
	}
	r := demoReport{
		Month: "2026-03", Lake: "lakehouse", Produced: truth.Records, Archived: int64(truth.Copies), Requests: int64(truth.Requests),
		Suppressed: int64(truth.Suppressed), Refused: map[string]int64{}, Conflicts: int64(truth.Conflicts), FullAgrees: true,
		Before: demoPeriod{Listens: int64(p.Archived.Listens - p.Late.Listens), QualifiedListens: int64(p.Archived.Qualified - p.Late.Qualified)},
		After:  demoPeriod{Listens: int64(p.Archived.Listens), QualifiedListens: int64(p.Archived.Qualified), Checksum: "a"},
		Final:  demoPeriod{Listens: int64(p.Archived.Listens - p.Erased.Listens), QualifiedListens: int64(p.Archived.Qualified - p.Erased.Qualified), Checksum: "f"},
		Doubling: demoWeek{
			Copies: int64(truth.Doubling.Copies), PlaysLive: int64(truth.Doubling.Listens), PlaysExact: int64(truth.Doubling.Listens),
			CountedBefore: int64(truth.Doubling.Listens), CountedAfter: int64(truth.Doubling.Listens),
		},
		Erased: demoErased{
			Requests: truth.Requests, Listens: erased, Counted: gone + 1, Replaced: 1, Duplicates: erased - gone - 1,
			Quarantine: int64(truth.RefusedErased),
		},
		Proof: demoProof{Purged: truth.Requests, Verified: truth.Requests},
		Closed: demoClose{Adjustments: []demoAdjustment{
			{Cause: royalty.CauseLate, Listens: int64(p.Late.Listens), QualifiedListens: int64(p.Late.Qualified)},
			{Cause: royalty.CauseDeletions}, // all of it waits
		}},
		Pools:         []demoPool{{Country: "*", AmountMinor: 100, PaidMinor: 100}, {Country: "SE", AmountMinor: 7, Undistributed: true}},
		RerunChecksum: "a", Checksum: "f",
	}
	r.Before.Duplicates = int64(p.Archived.Copies-p.Late.Copies) - r.Before.Listens
	r.After.Duplicates = int64(p.Archived.Copies) - r.After.Listens
	r.Final.Duplicates = int64(p.Archived.Copies-p.Erased.Copies) - r.Final.Listens
	for reason, n := range truth.Refused {
		r.Refused[reason] = int64(n)
	}
	return r
}

func TestTheDemoComparesEveryNumberItIsSaidToCompare(t *testing.T) {
	truth := simulate.New(simulate.Options{Seed: 1, Listens: 1000}).Truth()
	right := toldRight(truth)
	if err := right.check(truth); err != nil {
		t.Fatalf("a demo that went as planned: %v", err)
	}
	for what, spoil := range map[string]func(r *demoReport){
		"produced":             func(r *demoReport) { r.Produced-- },
		"archived, suppressed": func(r *demoReport) { r.Archived++; r.Suppressed-- },
		"archived, requests":   func(r *demoReport) { r.Archived++; r.Requests-- },
		"requests, suppressed": func(r *demoReport) { r.Requests++; r.Suppressed-- },
		"reasons":              func(r *demoReport) { r.Refused["malformed_json"]++; r.Refused["invalid_field"]-- },
		"unknown reason":       func(r *demoReport) { r.Refused["other"]++; r.Refused["invalid_field"]-- },
		"before":               func(r *demoReport) { r.Before.Listens++ },
		"before qualified":     func(r *demoReport) { r.Before.QualifiedListens++ },
		"before duplicates":    func(r *demoReport) { r.Before.Duplicates++ },
		"after":                func(r *demoReport) { r.After.Listens++ },
		"after qualified":      func(r *demoReport) { r.After.QualifiedListens++ },
		"after duplicates":     func(r *demoReport) { r.After.Duplicates++ },
		"final":                func(r *demoReport) { r.Final.Listens++ },
		"final qualified":      func(r *demoReport) { r.Final.QualifiedListens++ },
		"final duplicates":     func(r *demoReport) { r.Final.Duplicates++ },
		"conflicts":            func(r *demoReport) { r.Conflicts++ },
		"copies":               func(r *demoReport) { r.Doubling.Copies++ },
		"plays live":           func(r *demoReport) { r.Doubling.PlaysLive += 1 + r.Doubling.PlaysExact/100 },
		"plays live, too few":  func(r *demoReport) { r.Doubling.PlaysLive -= 1 + r.Doubling.PlaysExact/100 },
		"plays exact":          func(r *demoReport) { r.Doubling.PlaysExact++ },
		"royalties before":     func(r *demoReport) { r.Doubling.CountedBefore++ },
		"royalties after":      func(r *demoReport) { r.Doubling.CountedAfter++ },
		"erased requests":      func(r *demoReport) { r.Erased.Requests-- },
		"erased listens":       func(r *demoReport) { r.Erased.Listens++ },
		"erased ledger":        func(r *demoReport) { r.Erased.Counted++; r.Erased.Duplicates-- },
		"erased duplicates":    func(r *demoReport) { r.Erased.Duplicates++ },
		"erased refused":       func(r *demoReport) { r.Erased.Quarantine++ },
		"purged":               func(r *demoReport) { r.Proof.Purged-- },
		"verified":             func(r *demoReport) { r.Proof.Verified-- },
		"late":                 func(r *demoReport) { r.Closed.Adjustments[0].Listens++ },
		"late qualified":       func(r *demoReport) { r.Closed.Adjustments[0].QualifiedListens++ },
		"deleted":              func(r *demoReport) { r.Closed.Adjustments[1].Listens++ },
		"deleted qualified":    func(r *demoReport) { r.Closed.Adjustments[1].QualifiedListens++ },
		"money moved":          func(r *demoReport) { r.Closed.Adjustments[0].AmountMinor++ },
		"rerun":                func(r *demoReport) { r.RerunWrote = true },
		"rerun checksum":       func(r *demoReport) { r.RerunChecksum = "b" },
		"full":                 func(r *demoReport) { r.FullAgrees = false },
		"pool":                 func(r *demoReport) { r.Pools = []demoPool{{AmountMinor: 100, PaidMinor: 99}} },
		"pool of nobody":       func(r *demoReport) { r.Pools = []demoPool{{AmountMinor: 100, PaidMinor: 100, Undistributed: true}} },
	} {
		r := toldRight(truth)
		spoil(&r)
		if err := r.check(truth); !errors.Is(err, jobs.ErrProof) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}
