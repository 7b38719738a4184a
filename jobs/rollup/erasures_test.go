package rollup_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/rollup"
)

// erasedPlays is an entry of plays_erased, and who is behind it.
type erasedPlays struct {
	Day    string `json:"day"`
	Artist string `json:"artist_id"`
	Track  string `json:"track_id"`
	Plays  int64  `json:"plays"`
	Ms     int64  `json:"ms_played"`
	people map[string]bool
}

// eraseAll does what one step of deletions does for several users, and tells of everybody it took: by day and track.
func (w *world) eraseAll(users ...string) (all []*erasedPlays) {
	w.Helper()
	of := map[string]*erasedPlays{}
	var gone []copyOf
	for _, c := range winners(w.copies) {
		if slices.Contains(users, c.user) {
			gone = append(gone, c)
		}
	}
	days := map[string]bool{}
	for _, c := range gone {
		day := c.event.Format(time.DateOnly)
		e := of[day+c.track]
		if e == nil {
			e = &erasedPlays{Day: day, Artist: artistOf(c.track), Track: c.track, people: map[string]bool{}}
			of[day+c.track], all = e, append(all, e)
		}
		e.Plays, e.Ms, e.people[c.user], days[day] = e.Plays+1, e.Ms+c.ms, true, true
	}
	for _, c := range w.copies {
		if slices.Contains(users, c.user) {
			days[c.event.Format(time.DateOnly)] = true
		}
	}
	many := slices.DeleteFunc(slices.Clone(all), func(e *erasedPlays) bool { return len(e.people) < 5 })
	w.located()
	for _, user := range users {
		w.eraseRows(catalog.Listens, user)
		w.eraseRows(catalog.ListensCounted, user)
	}
	w.copies = slices.DeleteFunc(w.copies, func(c copyOf) bool { return slices.Contains(users, c.user) })
	text, err := json.Marshal(many)
	w.check(err)
	w.loggedErased(days, string(text))
	return all
}

// crowd are plays of one track on one day, one of each user, copies times.
func crowd(track string, day int, copies int, users ...string) (list []copyOf) {
	for _, user := range users {
		for range copies {
			list = append(list, heard(fmt.Sprint("l-", user, track, day), user, track, at(day, 9)))
		}
	}
	return list
}

func people(from, to int) (list []string) {
	for i := from; i < to; i++ {
		list = append(list, fmt.Sprint("p", i))
	}
	return list
}

func TestErasuresOfManyAreToldFromDuplicates(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	w.archive(slices.Concat(crowd("t1", 1, 2, people(0, 8)...), crowd("t2", 1, 2, people(0, 8)...), crowd("t1", 2, 2, people(0, 4)...))...)
	w.rollup(plain)
	first, _ := w.shown()
	w.eraseAll(people(0, 5)...)
	w.rollup(plain) // before royalties: nothing is known yet
	w.equal(w.changes(), map[change][2]int64{})
	w.royalties()
	w.rollup(plain)
	w.equal(w.changes(), map[change][2]int64{
		{"2026-03-01", "t1", "erasures"}: {-5, -300_000}, {"2026-03-01", "t1", "duplicates"}: {-8, -480_000},
		{"2026-03-01", "t2", "erasures"}: {-5, -300_000}, {"2026-03-01", "t2", "duplicates"}: {-8, -480_000},
		{"2026-03-02", "t1", "corrections"}: {-8, -480_000}, // of four people
	})
	w.explained(first[catalog.PlaysByDay])
	w.unchanged(plain)
	w.rollup(trueUp)
	w.equal(len(w.changes()), 5)
}

func TestErasuresOfFewBesideThoseOfManyAreCalledCorrections(t *testing.T) {
	w := newWorld(t)
	w.archive(crowd("t1", 1, 1, people(0, 8)...)...)
	w.rollup(plain)
	first, _ := w.shown()
	w.eraseAll(people(0, 5)...)
	w.eraseAll(people(5, 7)...)
	w.royalties()
	w.rollup(plain)
	w.equal(w.changes(), map[change][2]int64{{"2026-03-01", "t1", "erasures"}: {-5, -300_000}, {"2026-03-01", "t1", "corrections"}: {-2, -120_000}})
	w.explained(first[catalog.PlaysByDay])
}

// Whatever happens, causes sum to what changed, no erasure of fewer than five people has a row that says so, and what
// is called duplicates has nobody's erasure in it.
func TestNoChangeIsAboutFewPeople(t *testing.T) {
	laketest.Costly(t)
	for seed := range uint64(laketest.Times(3, 1)) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rng := rand.New(rand.NewPCG(seed, 12))
			w.archive(anyOfACrowd(rng, 30)...)
			w.rollup(plain)
			first, _ := w.shown()
			erased := map[string]map[string]bool{} // people by day and track
			for range 12 {
				switch rng.IntN(6) {
				case 0, 1:
					w.archive(anyOfACrowd(rng, 20)...)
				case 2, 3:
					for _, e := range w.eraseAll(someOfACrowd(rng)...) {
						if erased[e.Day+e.Track] == nil {
							erased[e.Day+e.Track] = map[string]bool{}
						}
						for user := range e.people {
							erased[e.Day+e.Track][user] = true
						}
					}
				case 4:
					w.royalties()
				}
				w.rollup(rollup.Options{})
			}
			w.royalties()
			w.rollup(plain)
			w.rollup(trueUp)
			w.mustShow(recount(counting(w.copies)))
			w.explained(first[catalog.PlaysByDay])
			for c := range w.changes() {
				n := len(erased[c.Day+c.Track])
				if c.Cause == "erasures" && n < 5 || c.Cause == "duplicates" && n < 5 {
					t.Errorf("%+v, of %d people", c, n)
				}
			}
		})
	}
}

func anyOfACrowd(rng *rand.Rand, n int) (list []copyOf) {
	for range n {
		list = append(list, crowd(fmt.Sprint("t", rng.IntN(2)), 1+rng.IntN(2), 1+rng.IntN(2), fmt.Sprint("p", rng.IntN(12)))...)
	}
	return list
}

func someOfACrowd(rng *rand.Rand) []string {
	from := rng.IntN(8)
	return people(from, from+1+rng.IntN(8))
}

// The erasure died before it logged that rows are gone, and the run in between has only the ledger to say.
func TestAnErasureThatIsNotLoggedYetIsNotCalledDuplicates(t *testing.T) {
	late := func(id, user string) copyOf { return heard(id, user, "t1", at(1, 9)).late(at(4, 12)) }
	for _, news := range []bool{false, true} {
		w := newWorld(t)
		w.archive(late("l1", "u1"), late("l2", "u2"), late("l5", "u3"))
		w.royalties()
		w.rollup(trueUp)
		w.located()
		w.eraseRows(catalog.Listens, "u2")
		w.copies = slices.DeleteFunc(w.copies, func(c copyOf) bool { return c.user == "u2" })
		if !news {
			w.rollup(plain)
		}
		w.eraseRows(catalog.ListensCounted, "u2")
		w.royalties()
		w.rollup(plain)
		w.archive(heard("l1", "u1", "t1", at(4, 9)))
		w.royalties()
		w.rollup(plain)
		if len(w.changes()) == 0 {
			t.Fatal("nothing changed")
		}
		for c := range w.changes() {
			if c.Day == "2026-03-01" && c.Cause == "duplicates" {
				t.Errorf("news of the archive in between %t: %+v", news, c)
			}
		}
	}
}

// Five left, and the log says so. One more goes, and the log does not, or not to the run that read it before.
func TestOneWhoLeavesBesideManyIsNotCalledDuplicates(t *testing.T) {
	for name, leaves := range map[string]func(w *world){
		"died before it logged": func(w *world) { w.eraseUnlogged("p7"); w.royalties(); w.rollup(plain) },
		"while inputs are loaded": func(w *world) {
			w.royalties()
			w.during(catalog.ListensCounted, plain, func() { w.erase("p7"); w.royalties() })
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.archive(crowd("t1", 1, 1, people(0, 8)...)...)
			w.royalties()
			w.rollup(trueUp)
			w.eraseAll(people(0, 5)...)
			leaves(w)
			w.rollup(plain)
			for c := range w.changes() {
				if c.Cause == "duplicates" {
					t.Errorf("%+v", c)
				}
			}
		})
	}
}

func TestADayOfTheLogIsComparedOnceAlsoWhereNothingDiffers(t *testing.T) {
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)))
	w.royalties()
	w.rollup(trueUp)
	w.loggedErased(map[string]bool{"2026-03-01": true}, "[]")
	w.equal([]bool{w.rollup(plain).ExactThrough != 0, w.rollup(plain).ExactThrough != 0}, []bool{true, false})
}
