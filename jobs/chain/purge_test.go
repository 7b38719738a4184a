package chain_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/jobs/purge"
	"github.com/lakectl/lakectl/lake"
)

// The erased listener, whose name is in nothing else, and the other one.
const (
	erasedUser = "zz-erased-zz"
	otherUser  = "other"
)

func listened(n int, user string, day int) string {
	return fmt.Sprintf(`{"type":"listen","listen_id":"%[2]s-%[1]d","user_id":%[2]q,"track_id":"t%[4]d","artist_id":"A","device":"phone","event_time":"2026-03-%02[3]dT19:00:%02[1]dZ","ms_played":201000,"received_time":"2026-03-%02[3]dT19:04:02Z"}`+"\n",
		n, user, day, n%3)
}

func asked(id, user string) string {
	return fmt.Sprintf(`{"type":"deletion","request_id":%q,"user_id":%q,"requested_at":"2026-04-10T09:00:00Z","received_time":"2026-04-10T09:00:01Z"}`+"\n", id, user)
}

// erasable is a lake in which a listener has rows in all four tables, doubled and refused ones among them, and all
// is computed.
func erasable(t *testing.T) *laketest.Lake {
	t.Helper()
	return fill(t, laketest.New(t))
}

// fill puts listens and refused records of three listeners into a new lake.
func fill(t *testing.T, l *laketest.Lake) *laketest.Lake {
	t.Helper()
	env := testEnv(l)
	for batch := range 2 {
		var text strings.Builder
		for n := range 12 {
			text.WriteString(listened(n+batch*20, []string{erasedUser, otherUser, "third"}[n%3], 1+n%2))
		}
		text.WriteString(listened(0, erasedUser, 1)) // a copy
		text.WriteString(strings.Replace(listened(50+batch, erasedUser, 2), `"ms_played":201000`, `"ms_played":"x"`, 1))
		ingestText(t, env, fmt.Sprint("batch", batch), text.String())
	}
	carryOut(t, l, nil)
	return l
}

// carryOut runs the deletions job.
func carryOut(t *testing.T, l *laketest.Lake, p *purge.Options) chain.Deletions {
	t.Helper()
	r, err := chain.CarryOut(t.Context(), testEnv(l), chain.DeletionsOptions{Purge: p})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var atOnce = &purge.Options{Now: true}

// states are those of all requests, in order.
func states(t *testing.T, l *laketest.Lake) (list []string) {
	t.Helper()
	all, err := erase.List(t.Context(), testEnv(l))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		list = append(list, r.RequestID+" "+string(r.State))
	}
	return list
}

// figures are the checksums of the royalties, and the rows that are left.
func figures(t *testing.T, l *laketest.Lake) (list []string) {
	t.Helper()
	d := l.DB(t)
	for _, c := range []struct{ table, text string }{
		{catalog.RoyaltyRuns, "SELECT arg_max(checksum, finished_at) FROM rows GROUP BY period ORDER BY ALL"},
		{catalog.Listens, "SELECT listen_id || source_offset FROM rows ORDER BY ALL"},
		{catalog.ListensCounted, "SELECT listen_id || source_offset FROM rows ORDER BY ALL"},
		{catalog.Duplicates, "SELECT listen_id || source_offset FROM rows ORDER BY ALL"},
		{catalog.Quarantine, "SELECT user_id || source_offset FROM rows ORDER BY ALL"},
		{catalog.PlaysByDay, "SELECT day || ' ' || sum(plays) FROM rows GROUP BY day ORDER BY ALL"},
	} {
		if err := d.Bind(t.Context(), "rows", l.Snapshot(t, c.table)); err != nil {
			t.Fatal(err)
		}
		var text string
		if err := d.EachText(t.Context(), c.text, nil, []any{&text}, func() error { list = append(list, c.table+" "+text); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got)\n%s", what, diff)
	}
}

// heads are the metadata files of all tables: equal heads, nothing written.
func heads(t *testing.T, l *laketest.Lake) map[string]string {
	t.Helper()
	heads := map[string]string{}
	for _, spec := range catalog.Specs() {
		heads[spec.Name] = l.Snapshot(t, spec.Name).Table().MetadataURI()
	}
	return heads
}

func TestAPurgedListenerIsInNoFileAndNothingElseChanges(t *testing.T) {
	l := erasable(t)
	ingestText(t, testEnv(l), "requests", asked("r1", erasedUser)+asked("r2", "third")+asked("r3", erasedUser)+asked("r4", "nobody"))
	carryOut(t, l, nil)
	same(t, "states", states(t, l), []string{"r1 recomputed", "r2 recomputed", "r3 recomputed", "r4 recomputed"})
	before := figures(t, l)
	if n := len(found(t, l, erasedUser)); n < 6 {
		t.Fatalf("the listener is in %d files to begin with", n)
	}
	for _, days := range []time.Duration{1 << 62, 7 * 24 * time.Hour} {
		if r := carryOut(t, l, &purge.Options{Retention: days}); r.Purged.Due != 0 || r.Purged.Later != 4 {
			t.Errorf("not due: %+v", r.Purged)
		}
	}
	r := carryOut(t, l, atOnce).Purged
	if r.Requests != 4 || len(r.Blocked)+len(r.Waiting)+len(r.Residuals) > 0 {
		t.Fatalf("%+v", r)
	}
	same(t, "states", states(t, l), []string{"r1 purged", "r2 purged", "r3 purged", "r4 purged"})
	for _, table := range r.Tables {
		if table.Files == 0 || table.Rows == 0 || table.Snapshots == 0 || table.Objects == 0 {
			t.Errorf("%+v", table)
		}
	}
	same(t, "files with the listener", append(found(t, l, erasedUser), found(t, l, "third")...), []string(nil))
	same(t, "figures", figures(t, l), before)
	gone, err := purge.Removed(t.Context(), testEnv(l))
	if err != nil || len(gone) < 6 {
		t.Errorf("%d files removed: %v", len(gone), err)
	}
	last := heads(t, l)
	if r, err := purge.Run(t.Context(), testEnv(l), *atOnce); err != nil || r.Due != 0 {
		t.Errorf("one more run: %+v, %v", r, err)
	}
	same(t, "heads after one more run", heads(t, l), last)
	ingestText(t, testEnv(l), "more", listened(45, otherUser, 1))
	if r := carryOut(t, l, atOnce); len(r.Royalties.Periods) != 1 {
		t.Errorf("royalties after more listens: %+v", r.Royalties)
	}
}

func TestATagBlocksAndNamesItself(t *testing.T) {
	laketest.Costly(t)
	l := erasable(t)
	if err := l.Tag(t.Context(), "keep-me", l.Snapshot(t, catalog.Listens), 0); err != nil {
		t.Fatal(err)
	}
	ingestText(t, testEnv(l), "requests", asked("r1", erasedUser))
	r, err := chain.CarryOut(t.Context(), testEnv(l), chain.DeletionsOptions{Purge: atOnce})
	if err == nil || !strings.Contains(err.Error(), "tag keep-me") || !strings.Contains(lake.Hint(err), "lakectl tag --drop listens keep-me") || len(r.Purged.Blocked) != 1 {
		t.Fatalf("%v, %q, %+v", err, lake.Hint(err), r.Purged)
	}
	same(t, "states", states(t, l), []string{"r1 recomputed"})
	same(t, "kept by", kept(t, l), []string{"listens: tag keep-me"})
	if _, err := l.DropRefs(t.Context(), catalog.Listens, func(now *lake.Table) []lake.Ref {
		return slices.DeleteFunc(now.NamedRefs(), func(r lake.Ref) bool { return r.Name != "keep-me" })
	}); err != nil {
		t.Fatal(err)
	}
	carryOut(t, l, atOnce)
	same(t, "states", states(t, l), []string{"r1 purged"})
	same(t, "kept by", kept(t, l), []string(nil))
	same(t, "files with the listener", found(t, l, erasedUser), []string(nil))
}

// kept is what the list of requests says about who keeps their files.
func kept(t *testing.T, l *laketest.Lake) (list []string) {
	t.Helper()
	all, err := erase.List(t.Context(), testEnv(l))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all[0].Kept {
		list = append(list, k.Table+": "+k.By)
	}
	return list
}

// What is deleted before the request comes is in no table then, but in the files.
func TestRowsThatOthersDeletedBeforeTheRequestGoToo(t *testing.T) {
	laketest.Costly(t)
	l := erasable(t)
	l.Hand(t, catalog.Listens).Delete(laketest.ByPosition, "user_id = '"+erasedUser+"'")
	carryOut(t, l, nil)
	ingestText(t, testEnv(l), "requests", asked("r1", erasedUser))
	carryOut(t, l, atOnce)
	same(t, "states", states(t, l), []string{"r1 purged"})
	same(t, "files with the listener", found(t, l, erasedUser), []string(nil))
}

func TestAHoldKeepsTheFilesOfItsRequest(t *testing.T) {
	laketest.Costly(t)
	l := erasable(t)
	env := testEnv(l)
	ingestText(t, env, "requests", asked("r1", erasedUser)+asked("r2", "third"))
	carryOut(t, l, nil)
	if _, err := erase.Hold(t.Context(), env, "r1", "case 4711"); err != nil {
		t.Fatal(err)
	}
	_, err := chain.CarryOut(t.Context(), env, chain.DeletionsOptions{Purge: atOnce})
	if err == nil || !strings.Contains(err.Error(), "hold of request r1") || !strings.Contains(lake.Hint(err), "lakectl deletions release r1") {
		t.Fatalf("%v, hint %q", err, lake.Hint(err))
	}
	same(t, "states", states(t, l), []string{"r1 recomputed", "r2 recomputed"})
	all, err := erase.List(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	if list := all[1].Kept; len(list) == 0 || strings.Contains(fmt.Sprint(list), "r1") || list[0].By != "hold" {
		t.Errorf("r2 is kept by %+v, want a hold that does not name its request", list)
	}
	if len(found(t, l, erasedUser)) == 0 {
		t.Error("the files of the held request are gone")
	}
	if _, err := erase.Release(t.Context(), env, "r1"); err != nil {
		t.Fatal(err)
	}
	carryOut(t, l, atOnce)
	same(t, "states", states(t, l), []string{"r1 purged", "r2 purged"})
	same(t, "files with the listener", found(t, l, erasedUser), []string(nil))
}
