package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// chained is a lake on which the whole chain of jobs runs in rounds: in each come listens of two months, copies of
// earlier ones, listens of a month that is closed, refused records and a deletion request.
type chained struct {
	*audited
	sources map[string]string // all that was ingested
}

func newChained(t *testing.T) *chained {
	c := &chained{audited: newAudited(t), sources: map[string]string{}}
	c.pools("2026-02,*,*,EUR,1001\n2026-03,*,*,EUR,50021\n2026-03,DE,free,EUR,7\n")
	splits, err := terms.ParseSplits(strings.NewReader("track_id,party,role,basis_points,effective_from,effective_to\nt,ann,writer,7000,,\nt,bob,artist,3000,,\n"))
	c.check(err)
	_, err = royalty.ApplySplits(t.Context(), c.env, splits)
	c.check(err)
	_, err = royalty.LoadTracks(t.Context(), c.env, []terms.Track{{TrackID: "t", Title: "Blue", LabelID: "l"}})
	c.check(err)
	c.rules("rules:\n  - {id: default, min_ms_played: 30000}\n")
	return c
}

// come ingests what round n brings, and once more all that came before: files are told by their content.
func (c *chained) come(n int) {
	c.Helper()
	at := func(day int) string { return fmt.Sprintf("2026-03-%02dT10:%02d:00Z", day, n) }
	id := func(text string) string { return fmt.Sprint(text, n) }
	lines := []string{
		play(id("a"), id("u"), at(10)), play(id("b"), "u0", at(11), "track_id", "t2", "artist_id", "B"), play(id("b"), "u0", at(11), "track_id", "t2", "artist_id", "B"),
		play(id("c"), id("u"), "2026-02-10T10:00:00Z", "received_time", at(12)), // late, for a closed month
		play("a1", "u1", at(10), "received_time", at(13)),                       // another copy of what is there
		leave(id("r"), id("gone"), at(14)), play(id("d"), id("gone"), at(13)),   // this one is kept out
		leave(id("s"), fmt.Sprint("u", n-1), at(15)), // this one is erased
		"{", play(id("e"), "u0", "2026-03-20T10:00:00Z", "received_time", at(10)),
	}
	c.sources[id("part-")] = strings.Join(lines, "\n") + "\n"
	for _, source := range []string{fmt.Sprint("part-", max(1, n-1)), id("part-")} {
		ingestText(c.T, c.env, source, c.sources[source])
	}
}

// work runs the jobs of a night, and the maintenance of the night a month later.
func (c *chained) work() error {
	_, err := royalty.Run(c.Context(), c.env, royalty.Options{})
	if err == nil {
		_, err = royalty.Close(c.Context(), c.env, "2026-02", royalty.CloseOptions{Force: true})
	}
	if err == nil {
		_, err = chain.CarryOut(c.Context(), c.env, chain.DeletionsOptions{})
	}
	if err != nil {
		return err
	}
	later := c.env
	later.Now = func() time.Time { return time.Now().UTC().Add(30 * 24 * time.Hour) }
	_, err = maintain.Run(c.Context(), later, maintain.Options{})
	return err
}

// sums are what every table says, without what differs between two lakes of the same content: ids of snapshots, times
// of runs.
func (c *chained) sums() map[string][]string {
	c.Helper()
	all := map[string][]string{}
	d := c.l.DB(c.T)
	for table, query := range map[string]string{
		catalog.PlaysByHour:   "SELECT hour, artist_id, track_id, country, device, sum(plays), sum(ms_played) FROM x GROUP BY ALL",
		catalog.PlaysByDay:    "SELECT day, artist_id, track_id, sum(plays), sum(ms_played) FROM x GROUP BY ALL",
		catalog.AudienceByDay: "SELECT day, artist_id, country, device, sum(plays), sum(ms_played) FROM x GROUP BY ALL",
		catalog.RoyaltyRuns:   "SELECT period, checksum, lines, listens, undistributed FROM x QUALIFY row_number() OVER (PARTITION BY period ORDER BY finished_at DESC) = 1",
		catalog.DeletionLog:   "SELECT DISTINCT request_id, state FROM x",
		catalog.RoyaltyCloses: "SELECT period, version, tag, checksum FROM x",
		catalog.Quarantine:    "SELECT raw, reason, user_id, source_topic, source_offset, outcome FROM x",
		catalog.Sources:       "SELECT source, next_line FROM x",
	} {
		c.check(d.Bind(c.Context(), "x", c.l.Snapshot(c.T, table)))
		all[table] = c.rows(d, query)
	}
	for _, table := range []string{
		catalog.Listens, catalog.DeletionRequests, catalog.ListensCounted, catalog.Duplicates, catalog.RoyaltyLines, catalog.RoyaltyPayouts,
		catalog.RoyaltyShares, catalog.RoyaltyRules, catalog.RoyaltyPools, catalog.RoyaltySplits, catalog.Tracks,
	} {
		c.check(d.Bind(c.Context(), "x", c.l.Snapshot(c.T, table)))
		all[table] = c.rows(d, "SELECT COLUMNS(c -> NOT c IN ('_file', '_pos', 'applied_at', 'outcome_at')) FROM x")
	}
	return all
}

func (c *chained) rows(d *duck.DB, query string) (list []string) {
	c.Helper()
	var row string
	err := d.EachText(c.Context(), "SELECT CAST(r AS VARCHAR) FROM ("+query+") r ORDER BY 1", nil, []any{&row}, func() error { list = append(list, row); return nil })
	c.check(err)
	return list
}

// expired compacts tables and takes everything but that out of their history: no snapshot of ours is left.
func (c *chained) expired(tables ...string) {
	c.Helper()
	for i, table := range tables {
		c.l.CutsParents = i%2 == 1
		c.l.Compact(c.T, table)
		c.l.Hand(c.T, table).Expire()
	}
}

// rolledBack moves main of tables back by a commit, and lets nothing remember it.
func (c *chained) rolledBack(tables ...string) {
	c.Helper()
	for _, table := range tables {
		if h := c.l.Hand(c.T, table); len(c.l.Snapshot(c.T, table).Ancestors()) > 1 {
			h.Rollback(1)
		}
		c.expired(table)
	}
}

// forgotten takes the state of tables away too.
func (c *chained) forgotten(tables ...string) {
	c.Helper()
	for _, table := range tables {
		c.l.Hand(c.T, table).Forget()
	}
}

// Whatever history another engine expires between two nights, also together with a rollback: nothing is lost, doubled
// or comes back.
func TestJobsGoOnWhereAnotherEngineExpiredTheHistory(t *testing.T) {
	laketest.Long(t, "all jobs again after each act")
	t.Parallel()
	c, twin := newChained(t), newChained(t)
	var third [3][]string // each table expires while those that speak of it remember
	for i, spec := range catalog.Specs() {
		third[i%3] = append(third[i%3], spec.Name)
	}
	derived := append(catalog.Judged(), catalog.Dashboard...)
	acts := []struct {
		name string
		do   func()
	}{
		{"nothing", func() {}},
		{"the history of a third of the tables", func() { c.expired(third[0]...) }},
		{"that of another third", func() { c.expired(third[1]...) }},
		{"that of the last third", func() { c.expired(third[2]...) }},
		{"listens rolled back, history expired, what is derived forgotten", func() { c.rolledBack(catalog.Listens); c.forgotten(derived...) }},
		{"what is derived rolled back, history expired", func() { c.rolledBack(derived...) }},
	}
	for i, a := range acts {
		a.do()
		c.come(i + 1)
		if err := c.work(); err != nil {
			t.Fatalf("%s: %v (%s)", a.name, err, lake.Hint(err))
		}
		twin.come(i + 1)
		if i > 0 && i < len(acts)-1 {
			continue
		}
		if err := twin.work(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(twin.sums(), c.sums()); diff != "" {
			t.Errorf("after %s (-twin +got)\n%s", a.name, diff)
		}
	}
	for _, spec := range catalog.Specs() { // a ref on what listeners did would keep what is erased from being purged
		if refs := twin.l.Snapshot(t, spec.Name).Table().Refs(); catalog.Personal(spec.Name) && len(refs) > 1 {
			t.Errorf("the jobs left refs on %s: %v", spec.Name, refs)
		}
	}
	if r, err := royalty.Run(t.Context(), c.env, royalty.Options{Full: true}); err != nil || !r.Full.Agrees {
		t.Errorf("full: %+v, %v", r.Full, err)
	}
}
