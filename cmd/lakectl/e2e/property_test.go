package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
)

// This file recounts a random stream of events in plain Go. It shares nothing with the statements, nor with the
// decoder: events are maps, and what must come out is worked out from the definitions.

type event map[string]any

func (e event) text(key string) string { s, _ := e[key].(string); return s }

func (e event) at(key string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, e.text(key))
	if err != nil {
		panic(err) // the generator writes valid times only
	}
	return t
}

// randomEvents is a small world in which everything collides: few users, ids and tracks, copies of copies with
// later or other contents, requests before and after what they cover, and records to refuse. One list of what can
// happen, in one function.
func randomEvents(seed uint64, n int) []event {
	r := rand.New(rand.NewPCG(seed, 3))
	pick := func(prefix string, n int) string { return fmt.Sprintf("%s%d", prefix, r.IntN(n)) }
	stamp := func(t time.Time) string { return t.In(time.FixedZone("", (r.IntN(5)-2)*3600)).Format(time.RFC3339Nano) }
	from := time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)
	moment := func() time.Time { return from.Add(time.Duration(r.IntN(6*24*60)) * time.Minute) }
	var events []event
	for range n {
		switch x := r.IntN(20); {
		case x == 0: // a deletion request
			received := moment()
			e := event{"type": "deletion", "request_id": pick("r", 99), "user_id": pick("u", 4), "requested_at": stamp(received), "received_time": stamp(received)}
			if start := moment(); r.IntN(2) == 0 && start.Before(received) {
				e["from"] = stamp(start)
				if end := moment(); r.IntN(2) == 0 && end.After(start) {
					e["to"] = stamp(end)
				}
			}
			events = append(events, e)
		case x < 5 && len(events) > 0: // another copy of an earlier record
			e := maps.Clone(events[r.IntN(len(events))])
			if e["type"] == "listen" && r.IntN(3) == 0 { // it differs in nothing else
				vary(r, e, "track_ms", 60_000, 130_000)
				events = append(events, e)
				continue
			}
			if r.IntN(2) == 0 && e["type"] == "listen" {
				e["received_time"] = stamp(e.at("received_time").Add(time.Duration(r.IntN(300)) * time.Minute))
			}
			if r.IntN(3) == 0 && e["type"] == "listen" {
				e["ms_played"] = r.IntN(3) * 30_000
			}
			if r.IntN(3) == 0 && e["type"] == "listen" {
				vary(r, e, "tier", "free", "premium")
			}
			events = append(events, e)
		default:
			at := moment()
			e := event{
				"type": "listen", "listen_id": pick("l", n/2+1), "user_id": pick("u", 4), "track_id": pick("t", 3), "artist_id": pick("A", 2),
				"device": pick("d", 2), "event_time": stamp(at), "received_time": stamp(at.Add(time.Duration(r.IntN(3000)-30) * time.Minute)),
				"ms_played": r.IntN(3) * 30_000, "country": []string{"de", "DE", "br"}[r.IntN(3)],
			}
			vary(r, e, "tier", "free", "premium")
			vary(r, e, "track_ms", 60_000, 130_000)
			if r.IntN(10) == 0 {
				delete(e, []string{"listen_id", "device", "country"}[r.IntN(3)])
			}
			if r.IntN(15) == 0 {
				e["received_time"] = stamp(at.Add(-2 * time.Hour)) // a clock too far ahead
			}
			events = append(events, e)
		}
	}
	return events
}

// vary sets a field that a listen may leave out, or leaves it out.
func vary(r *rand.Rand, e event, key string, values ...any) {
	if i := r.IntN(len(values) + 1); i < len(values) {
		e[key] = values[i]
	} else {
		delete(e, key)
	}
}

// The rules and pools of this world, and what they say in Go: below.
const (
	randomRules = `rules:
  - {id: no-d1, device: d1, tier: premium, count: false}
  - {id: free, tier: free, min_ms_played: 90000, min_fraction: 0.5}
  - {id: default, min_ms_played: 30000}
`
	randomPools = `period,country,tier,currency,amount_minor
2026-03,*,*,EUR,100003
2026-03,DE,free,EUR,997
2026-04,*,premium,USD,9223372036854775807
2026-04,BR,*,EUR,1
`
)

func qualifies(c event) bool {
	ms := c["ms_played"].(int)
	switch length, known := c["track_ms"].(int); {
	case c["device"] == "d1" && c["tier"] == "premium":
		return false
	case c["tier"] == "free":
		return ms >= 90_000 || known && 2*ms >= length
	default:
		return ms >= 30_000
	}
}

// share is one artist's and track's part of a pool.
type share struct {
	artist, track   string
	n, amount, left *big.Int // left: the remainder of the division
}

// payPools shares the pools over the lines: whole units by weight, the rest one each by the largest remainder.
func payPools(lines []map[string]any) []map[string]any {
	var rows []map[string]any
	for _, pool := range strings.Split(strings.TrimSpace(randomPools), "\n")[1:] {
		f := strings.Split(pool, ",")
		period, country, tier, currency := f[0], f[1], f[2], f[3]
		amount, _ := new(big.Int).SetString(f[4], 10)
		byTrack, total := map[string]*share{}, new(big.Int)
		for _, l := range lines {
			if l["period"] != period || country != "*" && l["country"] != country || tier != "*" && l["tier"] != tier || l["qualified_listens"] == 0.0 {
				continue
			}
			s := &share{artist: l["artist_id"].(string), track: l["track_id"].(string), n: new(big.Int)}
			key := s.artist + " " + s.track
			if byTrack[key] == nil {
				byTrack[key] = s
			}
			n := big.NewInt(int64(l["qualified_listens"].(float64)))
			byTrack[key].n.Add(byTrack[key].n, n)
			total.Add(total, n)
		}
		rest := new(big.Int).Set(amount)
		shares := slices.Collect(maps.Values(byTrack))
		for _, s := range shares {
			s.amount, s.left = new(big.Int).QuoRem(new(big.Int).Mul(amount, s.n), total, new(big.Int))
			rest.Sub(rest, s.amount)
		}
		slices.SortFunc(shares, func(a, b *share) int {
			return cmp.Or(b.left.Cmp(a.left), strings.Compare(a.artist, b.artist), strings.Compare(a.track, b.track))
		})
		for i, s := range shares {
			if rest.Cmp(big.NewInt(int64(i))) > 0 {
				s.amount.Add(s.amount, big.NewInt(1))
			}
			rows = append(rows, map[string]any{
				"period": period, "country": country, "tier": tier, "currency": currency, "artist_id": s.artist, "track_id": s.track,
				"amount_minor": s.amount.String(),
			})
		}
	}
	return rows
}

// covered tells whether a deletion request erases a copy, in the words of the contract.
func covered(d, c event) bool {
	request := d.at("received_time")
	if d["user_id"] != c["user_id"] || d["from"] != nil && c.at("event_time").Before(d.at("from")) {
		return false
	}
	if d["to"] != nil && !d.at("to").After(request) {
		return c.at("event_time").Before(d.at("to"))
	}
	return c.at("event_time").Before(request) || !c.at("received_time").After(request)
}

// recountEvents works out what the lake must hold, in the order of the definitions.
func recountEvents(events []event) expected {
	want := expected{Quarantine: map[string]int64{}}
	var requests, copies, refused []event
	for _, e := range events {
		switch {
		case e["type"] == "deletion":
			requests = append(requests, e)
		case e["listen_id"] == nil || e["device"] == nil:
			e["refused"] = "missing_field"
			refused = append(refused, e)
		case e.at("event_time").After(e.at("received_time").Add(time.Hour)):
			e["refused"] = "event_time_in_future"
			refused = append(refused, e)
		default:
			copies = append(copies, e)
		}
	}
	gone := func(c event) bool { return slices.ContainsFunc(requests, func(d event) bool { return covered(d, c) }) }
	left := slices.DeleteFunc(slices.Clone(copies), gone)
	for _, e := range slices.DeleteFunc(refused, gone) { // a request reaches refused records too
		want.Quarantine[e.text("refused")]++
	}
	want.Archived, want.Erased = int64(len(left)), int64(len(copies)-len(left))

	rank := func(c event) string {
		length := "absent" // after every digit
		if n, known := c["track_ms"].(int); known {
			length = fmt.Sprintf("%020d", n)
		}
		return fmt.Sprintf("%020d %020d %020v %s %s %s %s %s %s %s", c.at("received_time").UnixMicro(), c.at("event_time").UnixMicro(), c["ms_played"],
			c["track_id"], c["artist_id"], c["user_id"], countryOf(c), tierOf(c), c["device"], length)
	}
	best := map[string]event{}
	for _, c := range left {
		id := c.text("listen_id")
		if now, ok := best[id]; !ok || rank(c) < rank(now) {
			best[id] = c
		}
	}
	want.Counted, want.Duplicates = int64(len(best)), int64(len(left)-len(best))
	lines, plays := map[string]map[string]any{}, map[string]map[string]any{}
	for _, c := range best {
		at := c.at("event_time").UTC()
		key := map[string]any{"period": at.Format("2006-01"), "artist_id": c["artist_id"], "track_id": c["track_id"], "country": countryOf(c), "tier": tierOf(c)}
		qualified := 0.0
		if qualifies(c) {
			qualified = 1
		}
		count(lines, key, "listens", 1)
		count(lines, key, "qualified_listens", qualified)
		count(plays, map[string]any{"day": at.Format(time.DateOnly), "artist_id": c["artist_id"], "track_id": c["track_id"]}, "plays", 1)
	}
	want.RoyaltyLines, want.PlaysByDay = inOrder(lines), inOrder(plays)
	want.Payouts = payPools(want.RoyaltyLines)
	sortRows(want.Payouts)
	return want
}

func countryOf(c event) string {
	if c["country"] == nil {
		return "ZZ"
	}
	return strings.ToUpper(c.text("country"))
}

func tierOf(c event) string {
	if c["tier"] == nil {
		return "unknown"
	}
	return c.text("tier")
}

func count(sums map[string]map[string]any, key map[string]any, column string, n float64) {
	name := fmt.Sprint(key)
	if sums[name] == nil {
		sums[name] = maps.Clone(key)
	}
	had, _ := sums[name][column].(float64)
	sums[name][column] = had + n
}

// inOrder lists rows by their printed key columns, the order of both sides of the comparison.
func inOrder(rows map[string]map[string]any) []map[string]any {
	list := slices.Collect(maps.Values(rows))
	sortRows(list)
	return list
}

func sortRows(list []map[string]any) {
	slices.SortFunc(list, func(a, b map[string]any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

func TestRandomEventsAgreeWithARecountInGo(t *testing.T) {
	for seed := range uint64(laketest.Times(8, 1)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			events, lines := randomLines(t, seed)
			l := newLakeDir(t, false)
			l.run(nil, "rules", "apply", l.write("rules.yaml", randomRules))
			l.run(nil, "pools", "apply", l.write("pools.csv", randomPools))
			r := rand.New(rand.NewPCG(seed, 4))
			for at, part := 0, 0; at < len(lines); part++ {
				next := min(at+1+r.IntN(30), len(lines))
				l.ingest(lines[at:next], fmt.Sprintf("part-%d", part))
				if r.IntN(2) == 0 {
					l.jobs()
				}
				if r.IntN(3) == 0 {
					l.run(nil, "job", "rollup")
				}
				at = next
			}
			l.jobs()
			l.run(nil, "job", "royalties", "--full")
			if diff := gocmp.Diff(recountEvents(events), l.stateSorted()); diff != "" {
				t.Fatalf("(-recount +lake)\n%s", diff)
			}
		})
	}
}

// randomLines are random events, and as a topic has them.
func randomLines(t *testing.T, seed uint64) (events []event, lines []string) {
	t.Helper()
	events = randomEvents(seed, 70)
	lines = make([]string, len(events))
	for i, e := range events {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = string(text)
	}
	return events, lines
}

// stateSorted is the state in the order of a recount.
func (l *lakeDir) stateSorted() expected {
	l.t.Helper()
	got := l.state()
	sortRows(got.RoyaltyLines)
	sortRows(got.PlaysByDay)
	// As text: a float64 of the test could not hold every amount.
	got.Payouts = l.query(`SELECT * EXCLUDE (qualified_listens) REPLACE (amount_minor::VARCHAR AS amount_minor) FROM royalty_payouts`)
	sortRows(got.Payouts)
	return got
}
