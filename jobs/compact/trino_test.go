package compact

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake/trino"
)

// onTrino is a world whose lake lies on PostgreSQL, where Trino has a catalog for it. ask runs a statement there, in
// which %s stands for the lake.
func onTrino(t *testing.T) (w *world, client *trino.Client, ask func(statement string)) {
	t.Helper()
	l, engine := laketest.NewOnTrino(t)
	return &world{T: t, Lake: l, r: rand.New(rand.NewPCG(7, 11))}, laketest.TrinoClient(t, engine.Options), func(statement string) {
		t.Helper()
		engine.Execute(fmt.Sprintf(statement, engine.Catalog+"."+l.Namespace()))
	}
}

// byTrino compacts with Trino.
func (w *world) byTrino(client *trino.Client, o Options) Report {
	w.Helper()
	env := w.env()
	env.Trino, o.Target = client, 128<<10
	r, err := Run(w.Context(), env, o)
	w.check(err)
	return r
}

// The same files, compacted here and by Trino, with deletes by either before, meanwhile and after.
func TestTrinoCompactsToTheRowsThatLakectlDoes(t *testing.T) {
	there, client, ask := onTrino(t)
	here := newWorld(t)
	for _, w := range []*world{here, there} {
		w.ingest(1500, 1)
		for range 12 {
			w.ingest(600, 2)
		}
		w.Hand(t, catalog.Listens).Select("SELECT * EXCLUDE (_file, _pos) FROM rows WHERE user_id IN ('user-7', 'user-8')") // the same in all columns
		w.erase("user_id = 'user-1'")
	}
	ask("DELETE FROM %s.listens WHERE user_id = 'user-2'")
	here.erase("user_id = 'user-2'")
	during := 0
	here.compact(Options{Target: 128 << 10, between: func() {
		if during++; during == 1 {
			here.erase("user_id IN ('user-3', 'user-4')")
		}
	}})
	during = 0
	r := there.byTrino(client, Options{between: func() {
		if during++; during == 1 {
			there.erase("user_id = 'user-3'")
			ask("DELETE FROM %s.listens WHERE user_id = 'user-4'")
		}
	}})
	if r.OnTrino == 0 || r.OnTrino != r.Written || r.Lost+len(r.Skipped)+r.Left != 0 {
		t.Errorf("%+v", r)
	}
	here.erase("user_id IN ('user-5', 'user-6')")
	there.erase("user_id = 'user-5'")
	ask("DELETE FROM %s.listens WHERE user_id = 'user-6'")
	there.equal("rows that came back", there.counts(1, 2, 3, 4, 5, 6), make([]int64, 6))
	there.equal("rows", there.rows(), here.rows())
	there.nothingStaged()
	told, err := there.archive().FindBounds(t.Context(), catalog.PersonalColumns(catalog.Listens))
	there.check(err)
	there.equal("entries with personal bounds", told.Entries, 0)
	conditions, want := []string{"listen_id != ''", "user_id == 'user-3'", "user_id == 'user-7'"}, ""
	for _, c := range conditions {
		var n int64
		there.check(there.Reading(t, "rows", catalog.Listens).OneText(t.Context(), "SELECT count(*) FROM rows WHERE "+strings.ReplaceAll(c, "==", "="), nil, []any{&n}))
		want += fmt.Sprintln(n)
	}
	there.equal("rows by PyIceberg", laketest.Foreign(t, there.Options.URI+" "+there.Dir, append([]string{"count", catalog.Listens}, conditions...)...), want)
}
