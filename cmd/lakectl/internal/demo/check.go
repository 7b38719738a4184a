package demo

import (
	"fmt"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/lake"
)

// compared is one number of the screen beside the one it must be.
type compared struct {
	what      string
	got, want int64
}

// check holds the story against what the simulator planned, counted without the lake. It knows nothing of single
// artists, days and checksums: the first are held by the pools' sums, the last by one another.
func (r *demoReport) check(truth simulate.Truth) error {
	for _, list := range [][]compared{r.arrived(truth), r.counted(truth), r.erased(truth), r.paid(), r.adjusted(truth)} {
		for _, p := range list {
			if p.got != p.want {
				return r.wrong("%s: the lake has %d, the simulation made %d", p.what, p.got, p.want)
			}
		}
	}
	switch d := r.Doubling; {
	case 100*abs(d.PlaysLive-d.PlaysExact) > mostAbovePercent*d.PlaysExact:
		return r.wrong("the dashboard showed %d plays of the doubled week live, %d after the true-up", d.PlaysLive, d.PlaysExact)
	case r.RerunWrote:
		return r.wrong("a run with nothing new wrote")
	case r.RerunChecksum != r.After.Checksum:
		return r.wrong("the checksum was %s and is %s after a run with nothing new", r.After.Checksum, r.RerunChecksum)
	case !r.FullAgrees || r.Checksum != r.Final.Checksum:
		return r.wrong("the recount from the archive alone does not give the checksum %s", r.Final.Checksum)
	}
	return nil
}

func (r *demoReport) wrong(format string, args ...any) error {
	return lake.WithHint(fmt.Errorf(format+": %w", append(args, jobs.ErrProof)...),
		"this is a bug in lakectl: keep the folder %s and report it with the seed", r.Lake)
}

// arrived compares where the records went.
func (r *demoReport) arrived(truth simulate.Truth) []compared {
	list := []compared{
		{"records produced", int64(r.Produced), int64(truth.Records)},
		{"records", r.Archived + r.Requests + r.Suppressed + sum(r.Refused), int64(truth.Records)},
		{"archived copies", r.Archived, int64(truth.Copies)},
		{"deletion requests", r.Requests, int64(truth.Requests)},
		{"suppressed copies", r.Suppressed, int64(truth.Suppressed)},
	}
	reasons := slices.Concat(slices.Collect(maps.Keys(truth.Refused)), slices.Collect(maps.Keys(r.Refused)))
	slices.Sort(reasons)
	for _, reason := range slices.Compact(reasons) {
		list = append(list, compared{"records refused as " + reason, r.Refused[reason], int64(truth.Refused[reason])})
	}
	return list
}

// counted compares what the three runs published for the month, and the doubled week.
func (r *demoReport) counted(truth simulate.Truth) []compared {
	p, d := truth.Period(r.Month), truth.Doubling
	var list []compared
	for _, run := range []struct {
		when string
		got  demoPeriod
		want simulate.Tally
	}{
		{"at the month's end", r.Before, less(p.Archived, p.Late)},
		{"with the late buffers", r.After, p.Archived},
		{"after the deletions", r.Final, less(p.Archived, p.Erased)},
	} {
		list = append(list,
			compared{"listens counted " + run.when, run.got.Listens, int64(run.want.Listens)},
			compared{"qualified listens " + run.when, run.got.QualifiedListens, int64(run.want.Qualified)},
			compared{"duplicates " + run.when, run.got.Duplicates, int64(run.want.Copies - run.want.Listens)})
	}
	return append(list,
		compared{"listens of all periods with a copy of another payload", r.Conflicts, int64(truth.Conflicts)},
		compared{"archived copies of the doubled week", r.Doubling.Copies, int64(d.Copies)},
		compared{"plays of the doubled week after the true-up", r.Doubling.PlaysExact, int64(d.Listens)},
		compared{"counted listens of the doubled week before the true-up", r.Doubling.CountedBefore, int64(d.Listens)},
		compared{"counted listens of the doubled week after the true-up", r.Doubling.CountedAfter, int64(d.Listens)})
}

// erased compares what the deletions took. Where another copy takes the place of an erased one, the ledger loses
// a row and the month no listen; every erased copy was a row of the ledger or a duplicate.
func (r *demoReport) erased(truth simulate.Truth) []compared {
	var all simulate.Tally
	for _, d := range truth.Deletions {
		all.Listens += d.Erased.Listens
		all.Copies += d.Erased.Copies
	}
	e := r.Erased
	return []compared{
		{"requests carried out", int64(e.Requests), int64(truth.Requests)},
		{"erased rows of listens", e.Listens, int64(all.Copies)},
		{"erased rows of the ledger that no other copy replaced", e.Counted - e.Replaced, int64(all.Listens)},
		{"erased rows of the ledger and duplicates", e.Counted + e.Duplicates, int64(all.Copies)},
		{"erased refused records", e.Quarantine, int64(truth.RefusedErased)},
		{"requests purged", int64(r.Proof.Purged), int64(truth.Requests)},
		{"requests that nothing is left of", int64(r.Proof.Verified), int64(truth.Requests)},
	}
}

// paid compares the sum of the payouts of each pool with the pool.
func (r *demoReport) paid() []compared {
	var list []compared
	for _, p := range r.Pools {
		want := p.AmountMinor
		if p.Undistributed {
			want = 0
		}
		list = append(list, compared{fmt.Sprintf("minor units paid out of the pool %s/%s/%s", p.Country, p.Tier, p.Currency), p.PaidMinor, want})
	}
	return list
}

func abs(n int64) int64 { return max(n, -n) }

func less(a, b simulate.Tally) simulate.Tally {
	return simulate.Tally{Listens: a.Listens - b.Listens, Copies: a.Copies - b.Copies, Qualified: a.Qualified - b.Qualified}
}
