package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/audit"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// audited is a lake whose runs are reproduced.
type audited struct {
	*testing.T
	l     *laketest.Lake
	env   jobs.Env
	parts int
}

func newAudited(t *testing.T) *audited {
	l := laketest.New(t)
	return &audited{T: t, l: l, env: testEnv(l)}
}

func (a *audited) check(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// ingest brings in lines as a source of their own.
func (a *audited) ingest(lines ...string) {
	a.Helper()
	a.parts++
	ingestText(a.T, a.env, fmt.Sprint("part-", a.parts), strings.Join(lines, "\n")+"\n")
}

// publish runs royalties and returns the id of the newest run of a period.
func (a *audited) publish(period string) string {
	a.Helper()
	_, err := royalty.Run(a.Context(), a.env, royalty.Options{})
	a.check(err)
	r, err := royalty.NewestRun(a.Context(), a.env, period)
	a.check(err)
	return r.RunID
}

func (a *audited) rules(text string) {
	a.Helper()
	rules, err := terms.ParseRules(strings.NewReader(text))
	a.check(err)
	_, err = royalty.ApplyRules(a.Context(), a.env, rules)
	a.check(err)
}

func (a *audited) pools(text string) {
	a.Helper()
	pools, err := terms.ParsePools(strings.NewReader("period,country,tier,currency,amount_minor\n" + text))
	a.check(err)
	_, err = royalty.ApplyPools(a.Context(), a.env, pools)
	a.check(err)
}

func (a *audited) erase() {
	a.Helper()
	_, err := chain.CarryOut(a.Context(), a.env, chain.DeletionsOptions{})
	a.check(err)
}

// replay brings in records whose clock was ahead.
func (a *audited) replay() {
	a.Helper()
	limits := listen.DefaultLimits()
	limits.MaxAhead = 10 * 24 * time.Hour
	_, err := ingest.Replay(a.Context(), a.env, ingest.ReplayOptions{Reason: "event_time_in_future", Limits: limits, FlushRows: 2})
	a.check(err)
}

// rewrite replaces all files of a table by the rows of a statement over the view now, as a compaction does.
func (a *audited) rewrite(table, statement string) {
	a.Helper()
	base := a.l.Snapshot(a.T, table)
	files, err := base.Files(a.Context())
	a.check(err)
	dead, err := base.DeleteFiles(a.Context())
	a.check(err)
	d := a.l.DB(a.T)
	a.check(d.Bind(a.Context(), "now", base))
	a.check(d.ExecText(a.Context(), "CREATE VIEW rewritten AS "+statement))
	add, err := d.Write(a.Context(), base.Table(), "maintain", "rewritten")
	a.check(err)
	_, err = a.l.Commit(a.Context(), table, lake.Commit{Job: "maintain", Remove: append(files, dead...), Add: add, Stage: lake.IfUnmoved(base, nil)})
	a.check(err)
}

func (a *audited) compact() {
	a.Helper()
	if a.l.Snapshot(a.T, catalog.Listens).ID() != 0 {
		a.rewrite(catalog.Listens, "SELECT * FROM now")
	}
}

// expect reproduces a run and holds the outcome, and the error that goes with it, against want.
func (a *audited) expect(run string, want audit.Outcome) *audit.Result {
	a.Helper()
	r, err := audit.Reproduce(a.Context(), a.env, run)
	if r == nil {
		a.Fatal(err)
	}
	proof := map[audit.Outcome]error{audit.Different: jobs.ErrProof, audit.InputsErased: jobs.ErrInputsErased}[want]
	if r.Outcome != want || !errors.Is(err, proof) {
		a.Fatalf("got %+v, %v; want %s", *r, err, want)
	}
	if same := r.Checksum == r.RecomputedChecksum && r.Payouts != audit.PayoutsDifferent; r.Outcome == audit.Same && !same || same && r.Outcome == audit.InputsErased {
		a.Fatalf("outcome does not follow from the comparison: %+v", *r)
	}
	if err != nil && lake.Hint(err) == "" {
		a.Fatalf("no hint: %v", err)
	}
	return r
}

// play is a listen as it is sent; more holds fields that replace the usual ones.
func play(id, user, event string, more ...any) string {
	e := map[string]any{
		"type": "listen", "listen_id": id, "user_id": user, "track_id": "t", "artist_id": "A", "device": "phone",
		"event_time": event, "received_time": event, "ms_played": 60_000, "country": "DE", "tier": "free",
	}
	for i := 0; i < len(more); i += 2 {
		e[more[i].(string)] = more[i+1]
	}
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return string(text)
}

func leave(request, user, at string) string {
	return fmt.Sprintf(`{"type":"deletion","request_id":%q,"user_id":%q,"requested_at":%[3]q,"received_time":%[3]q}`, request, user, at)
}

const march = "2026-03-10T10:00:00Z"
