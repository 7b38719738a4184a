package serve_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
)

// earned is a row of royalty_payouts, or of royalty_adjustments where it has a cause.
type earned struct {
	origin, to, artist, track, country, tier, currency, cause string
	qualified, minor                                          int64
}

// ledgers are statements that the test makes up.
type ledgers struct {
	*service
	payouts, posted []earned
	owners          map[string]string // label by track
}

var at = time.Date(2026, 5, 2, 3, 0, 0, 0, time.UTC)

func newLedgers(t *testing.T, seed uint64) *ledgers {
	t.Helper()
	l := &ledgers{service: newService(t), owners: map[string]string{"t0": "L1", "t1": "L1", "t2": "L/2", "t3": "L/2"}}
	random := rand.New(rand.NewPCG(seed, 3))
	pools := []earned{{country: "*", tier: "*", currency: "EUR"}, {country: "DE", tier: "premium", currency: "SEK"}, {country: "SE", tier: "*", currency: "JPY"}}
	one := func(origin string) earned {
		e := pools[random.IntN(len(pools))]
		n := random.IntN(6)
		e.origin, e.artist, e.track, e.qualified, e.minor = origin, []string{"B", "A/1"}[n%2], "t"+strconv.Itoa(n), random.Int64N(100), random.Int64N(1_000_000)
		return e
	}
	seen := map[string]bool{}
	for range 60 {
		e := one([]string{"2026-03", "2026-04"}[random.IntN(2)])
		if key := e.origin + e.track + e.country; !seen[key] {
			seen[key] = true
			l.payouts = append(l.payouts, e)
		}
	}
	for range 30 {
		e := one("2026-03")
		e.to, e.cause = []string{"2026-04", "2026-05"}[random.IntN(2)], []string{"late listens", "deletions", "rules"}[random.IntN(3)]
		e.minor -= 500_000
		l.posted = append(l.posted, e)
	}
	l.publish(anyPlays(random, 20), nil)
	var tracks [][]any
	for track, label := range l.owners {
		tracks = append(tracks, []any{track, "Song " + track, "Ana", label, "Label", nil, nil, nil})
	}
	l.commit(catalog.Tracks, nil, tracks...)
	var payouts, lines, posted [][]any
	for _, e := range l.payouts {
		payouts = append(payouts, []any{e.origin, e.country, e.tier, e.currency, e.artist, e.track, e.qualified, e.minor})
	}
	for n := range 6 {
		lines = append(lines, []any{"2026-03", []string{"B", "A/1"}[n%2], "t" + strconv.Itoa(n), "DE", "free", int64(40 + n), int64(30 + n)}, []any{"2026-03", []string{"B", "A/1"}[n%2], "t" + strconv.Itoa(n), "SE", "free", int64(4), int64(3)})
	}
	for i, e := range l.posted {
		posted = append(posted, []any{e.to, e.origin, "payout", e.artist, e.track, e.country, e.tier, e.currency, nil, nil, nil, e.qualified, e.minor, e.cause, "run", at.Add(time.Duration(i) * time.Hour), nil})
		posted = append(posted, []any{e.to, e.origin, "share", e.artist, e.track, e.country, e.tier, e.currency, "ann", "writer", nil, nil, e.minor, e.cause, "run", at, nil})
	}
	l.commit(catalog.RoyaltyPayouts, nil, payouts...)
	l.commit(catalog.RoyaltyLines, nil, lines...)
	l.commit(catalog.Adjustments, nil, posted...)
	l.closed()
	return l
}

// closed publishes a run of each month and makes it its statement.
func (l *ledgers) closed() {
	l.Helper()
	id := func(table string) int64 { return l.Snapshot(l.T, table).ID() }
	var runs, closes [][]any
	for _, period := range []string{"2026-03", "2026-04"} {
		run := period + "-abc"
		runs = append(runs, []any{
			run, period, "first run", at, at, "duckdb", "test", id(catalog.Listens), int64(0), int64(0), "{}", int64(0), int64(0), id(catalog.RoyaltyLines), id(catalog.RoyaltyPayouts),
			int64(0), int64(0), int64(0), int64(0), int64(0), int64(0), int64(0), "[]", "c0ffee", int64(0), int64(0), int64(0), int64(0), int64(0), id(catalog.Adjustments), int64(0), at, int64(0),
		})
		pinned, err := json.Marshal(map[string]string{catalog.Tracks: strconv.FormatInt(id(catalog.Tracks), 10)})
		if err != nil {
			l.Fatal(err)
		}
		closes = append(closes, []any{period, int64(1), at, "ann", run, "royalty-" + period + "-v1", "c0ffee", "", string(pinned)})
	}
	l.commit(catalog.RoyaltyRuns, nil, runs...)
	l.commit(catalog.RoyaltyCloses, nil, closes...)
}

// theirs tells whether something is of whom a path is for.
func (l *ledgers) theirs(path string, e earned) bool {
	switch {
	case strings.HasPrefix(path, "/v1/artists/B/"):
		return e.artist == "B"
	case strings.HasPrefix(path, "/v1/artists/A%2F1/"):
		return e.artist == "A/1"
	case strings.HasPrefix(path, "/v1/labels/L1/"):
		return l.owners[e.track] == "L1"
	}
	return l.owners[e.track] == "L/2"
}

type money struct {
	Currency  string
	Published string `json:"published_minor"`
	Adjusted  string `json:"adjusted_minor"`
	Now       string `json:"now_minor"`
	Posted    []struct {
		Cause, To string
		Minor     string `json:"amount_minor"`
	} `json:"adjustments"`
	Listens *int64
	TrackID string `json:"track_id"`
}

type paid struct {
	Status       string
	Statements   []paid
	Period       string
	Amounts      []money
	Pools, Lines []money
	Next         string
}

func (l *ledgers) paid(path string) (p paid) {
	l.Helper()
	code, header, body := l.get(path)
	if code != http.StatusOK {
		l.Fatalf("%s: %d %s", path, code, body)
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		l.Fatalf("%s: %v", path, err)
	}
	described := strings.Split(strings.Split(path, "?")[0], "/")
	described[3] = "{id}"
	if len(described) > 5 {
		described[5] = "{period}"
	}
	readContract(l.T).holds(strings.Join(described, "/"), code, header, body)
	return p
}

// sums adds up published amounts, corrections and what they come to, by currency.
func (l *ledgers) sums(list []money) map[string][3]int64 {
	l.Helper()
	sums := map[string][3]int64{}
	for _, m := range list {
		var add [3]int64
		for i, text := range []string{m.Published, m.Adjusted, m.Now} {
			n, err := strconv.ParseInt(text, 10, 64)
			if text != "" && err != nil {
				l.Fatal(err)
			}
			add[i] = n
		}
		for _, p := range m.Posted {
			n, err := strconv.ParseInt(p.Minor, 10, 64)
			if err != nil {
				l.Fatal(err)
			}
			add[1] += n
		}
		s := sums[m.Currency]
		for i := range s {
			s[i] += add[i]
		}
		if s != ([3]int64{}) {
			sums[m.Currency] = s
		}
	}
	return sums
}

func TestAStatementIsWhatWasPaidAndWhatWasPostedSince(t *testing.T) {
	t.Parallel()
	l := newLedgers(t, 5)
	for _, base := range []string{"/v1/artists/B/", "/v1/artists/A%2F1/", "/v1/labels/L1/", "/v1/labels/L%2F2/"} {
		list := l.paid(base + "statements")
		if len(list.Statements) != 2 || list.Statements[0].Period != "2026-04" || list.Status != "corrected" {
			t.Fatalf("%s: %+v", base, list)
		}
		for _, s := range list.Statements {
			want := map[string][3]int64{}
			for i, from := range [][]earned{l.payouts, l.posted} {
				for _, e := range from {
					if e.origin == s.Period && l.theirs(base, e) {
						sum := want[e.currency]
						sum[i] += e.minor
						sum[2] += e.minor
						want[e.currency] = sum
					}
				}
			}
			if diff := cmp.Diff(want, l.sums(s.Amounts)); diff != "" {
				t.Errorf("%s of %s (-recount +answer):\n%s", s.Period, base, diff)
			}
			for _, by := range []string{"pool", "track"} {
				var lines []money
				one, next := paid{}, ""
				for pages := 0; pages == 0 || next != ""; pages++ {
					one = l.paid(base + "statements/" + s.Period + "?limit=4&by=" + by + "&cursor=" + next)
					lines, next = append(lines, one.Lines...), one.Next
				}
				for name, part := range map[string][]money{"amounts": one.Amounts, "pools": one.Pools, "lines by " + by: lines} {
					if diff := cmp.Diff(want, l.sums(part)); diff != "" {
						t.Errorf("%s of %s by its %s (-recount +answer):\n%s", s.Period, base, name, diff)
					}
				}
				for _, one := range lines {
					n := int64(one.TrackID[1] - '0')
					if by == "track" && s.Period == "2026-03" && (one.Listens == nil || *one.Listens != 44+n) {
						t.Errorf("track %s has %v listens, its lines %d", one.TrackID, one.Listens, 44+n)
					}
				}
			}
		}
	}
}

func TestStatementsHaveTheSameBytesUntilARunIsPublished(t *testing.T) {
	t.Parallel()
	l := newLedgers(t, 6)
	const path = "/v1/artists/B/statements/2026-03"
	_, header, first := l.get(path)
	if _, _, again := l.get(path); again != first {
		t.Errorf("%s then %s", first, again)
	}
	if code, _, _ := l.get(path, "If-None-Match", header.Get("ETag")); code != http.StatusNotModified {
		t.Errorf("with its own tag: %d", code)
	}
	late := []any{"2026-05", "2026-03", "payout", "B", "t0", "*", "*", "EUR", nil, nil, nil, int64(1), int64(7), "late listens", "run", at, nil}
	l.commit(catalog.Adjustments, nil, late)
	if _, _, again := l.get(path); again != first {
		t.Error("an adjustment is shown that no run has published")
	}
	id := l.Snapshot(t, catalog.Adjustments).ID()
	l.commit(catalog.RoyaltyRuns, nil, []any{
		"2026-05-new", "2026-05", "first run", at.Add(time.Hour), at.Add(time.Hour), "duckdb", "test", int64(0), int64(0), int64(0), "{}", int64(0), int64(0), int64(0), int64(0),
		int64(0), int64(0), int64(0), int64(0), int64(0), int64(0), int64(0), "[]", "c0ffee", int64(0), int64(0), int64(0), int64(0), int64(0), id, int64(0), at, int64(0),
	})
	if _, _, again := l.get(path); again == first {
		t.Error("what a run has published is not shown")
	}
}

func TestAStatementIsDownloadedByItsHolderAlone(t *testing.T) {
	t.Parallel()
	l := newLedgers(t, 7)
	for path, marks := range map[string][2]string{
		"/v1/artists/B/statements/2026-03/statement.csv": {"artist-B.csv", ",t1,"},
		"/v1/artists/B/statements/2026-03/statement.dsr": {"DSR_artist-B~u1_lakectl", "\tt1\t"},
		"/v1/labels/L1/statements/2026-04/statement.csv": {"label-L1", ",t2,"},
	} {
		code, header, body := l.get(path)
		if code != http.StatusOK || !strings.Contains(header.Get("Content-Disposition"), strings.TrimSuffix(marks[0], ".csv")) || strings.Contains(body, marks[1]) || !strings.Contains(body, "t0") {
			t.Errorf("%s: %d %q\n%s", path, code, header.Get("Content-Disposition"), body)
		}
	}
	_, _, body := l.get("/v1/artists/B/statements/2026-03/statement.csv")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var sum, want int64
	for _, r := range rows[1:] {
		if r[3] == "payout" {
			n, err := strconv.ParseInt(r[20], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += n
		}
	}
	for _, e := range l.payouts {
		if e.artist == "B" && e.origin == "2026-03" {
			want += e.minor
		}
	}
	if sum != want {
		t.Errorf("the file has %d, paid were %d", sum, want)
	}
	if code, header, body := l.get("/v1/artists/B/statements/2026-03/statement.parquet"); code != http.StatusOK || !strings.HasPrefix(body, "PAR1") || header.Get("Content-Length") != fmt.Sprint(len(body)) {
		t.Errorf("parquet: %d, %d bytes", code, len(body))
	}
	for path, want := range map[string]int{
		"/v1/artists/B/statements/2026-03/statement.xls": 404, "/v1/artists/B/statements/2026-03/x.csv": 404, "/v1/artists/B/statements/2026-07": 404, "/v1/artists/B/statements/2026-07/statement.csv": 404,
		"/v1/artists/nobody/statements/2026-03/statement.csv": 404, "/v1/artists/B/statements/2026-03?by=day": 400, "/v1/artists/B/statements?days=7": 400, "/v1/artists/B/statements?cursor=x": 400,
		"/v1/artists/B/statements/2026-03/statement.csv?limit=1": 400,
	} {
		if code, _, body := l.get(path); code != want {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
}
