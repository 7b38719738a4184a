package page

import (
	"bytes"
	"compress/gzip"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 3, 31, 21, 4, 29, 0, time.UTC)

func frame(at string) Frame {
	return Frame{
		Kind: "artist", ID: "A/1", Name: "Nils Aurora", At: at, AsOf: now.Add(-14 * time.Second), Now: now, Snapshot: "42", Updates: "/v1/artists/A%2F1/updates",
		Range: Range{From: now.AddDate(0, 0, -27), To: now, Step: "day", Days: 28}, SignedIn: true,
	}
}

// overview is a page with something everywhere. The figures are made up and always the same.
func overview() Overview {
	random := rand.New(rand.NewPCG(1, 2))
	o := Overview{
		Frame:     frame("overview"),
		Say:       Sentence{Plays: 7934, In: "in the last 28 days", Change: "14 % more", Than: "than in the 28 before", Note: "27 complete days compared."},
		Chips:     []Chip{{"exact to 29 March", "Each listen is counted once, checked against the ledger.", true}, {"today provisional", "Copies are dropped as they come; the night checks it.", false}},
		Listeners: "2,318 listeners, give or take 1 %",
		Chart:     Chart{Name: "Plays a day, 4 to 31 March, and the 28 days before", This: "this period", Before: "28 days before"},
		Live:      Live{LastMinute: 3, LastHour: 488, AsOf: now},
		Places:    Bars{Title: "Places", Total: 6298, Parts: []Part{{Name: "Germany", Plays: 2410}, {Name: "Sweden", Plays: 1388}, {Name: "United States", Plays: 1102}, {Name: "Brazil", Plays: 655}, {Name: "France", Plays: 402}, {Name: "other", Plays: 341}}, Note: "other: places with fewer than 5 listeners"},
		Devices:   Bars{Title: "Devices", Total: 6298, Parts: []Part{{Name: "phone", Plays: 3602}, {Name: "speaker", Plays: 1210}, {Name: "laptop", Plays: 894}, {Name: "car", Plays: 388}, {Name: "other", Plays: 204}}},
		Changes: []Change{
			{What: "17 March", Unit: "Plays", Before: "301", After: "451", ID: "c1", Noticed: "noticed 2 April, 03:02", Causes: []Cause{{"arrived late, from devices that were offline", "+163"}, {"corrections", "-13"}}},
			{What: "February, statement", Unit: "EUR", Before: "8,120.40", After: "8,131.02", ID: "c2", Noticed: "posted to March", Causes: []Cause{{"listens that came after the close", "+10.62"}}},
		},
		Statement: &Statement{
			Title: "Statement of February", Period: "2026-02", Run: "2026-02-7e191dd9d2", Check: "lakectl royalties reproduce 2026-02-7e191dd9d2",
			Lines:     []Amount{{"as published on 1 March", "EUR 8,120.40", false}, {"late listens, paid with March", "+10.62", false}, {"comes to", "EUR 8,131.02", true}},
			Downloads: []Link{{"CSV", "/x.csv"}, {"Parquet", "/x.parquet"}},
		},
	}
	for i := range 28 {
		at := now.AddDate(0, 0, i-27)
		p := Point{At: at, Label: at.Format("2 Jan"), Plays: 200 + random.Int64N(160), Previous: 170 + random.Int64N(140), Partial: i == 27}
		if i == 13 {
			p.Plays, p.Mark, p.Last = 451, "17 Mar: 163 late plays arrived", at
		}
		o.Chart.Points = append(o.Chart.Points, p)
	}
	for i := range 60 {
		o.Live.Minutes = append(o.Live.Minutes, Minute{now.Add(time.Duration(i-59) * time.Minute), random.Int64N(16)})
	}
	for i, title := range []string{"Paper Lanterns", "Late Train", "Your Side of the Map", "Low Tide", "Cassette (live)"} {
		spark := Spark{}
		for range 28 {
			spark = append(spark, 10+random.Int64N(30))
		}
		o.Tracks = append(o.Tracks, TrackRow{ID: title, Title: title, URL: "/artists/A%2F1/tracks/t", Plays: int64(2114 - 400*i), Listeners: "fewer than 5", Change: "+14 %", Spark: spark})
	}
	return o
}

func render(t *testing.T, view any) string {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, view); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func everyView() map[string]any {
	o := overview()
	hours := Chart{Name: "Plays an hour", This: "plays", Points: o.Chart.Points[:24]}
	f := func(at string) Frame { return frame(at) }
	label := f("roster")
	label.Kind = "label"
	stale := Overview{Frame: f("overview"), Say: Sentence{In: "in the last 28 days"}, Places: Bars{Title: "Places"}, Devices: Bars{Title: "Devices"}}
	stale.AsOf, stale.NoNames = now.Add(-time.Hour), true
	return map[string]any{
		"overview": o, "overview-empty": Overview{Frame: f("overview"), Say: Sentence{In: "in the last 28 days"}}, "overview-stale": stale,
		"tracks": Tracks{Frame: f("tracks"), Rows: o.Tracks, Total: 7934, Paging: Paging{From: 101, To: 105, Of: 214, First: "?limit=100", Next: "?cursor=x", Prev: "?limit=100", Moved: true}}, "tracks-empty": Tracks{Frame: f("tracks")},
		"track":      Track{Frame: f("tracks"), ID: "t", Title: "Paper Lanterns", Say: o.Say, Chips: o.Chips, Chart: o.Chart, Hours: &hours, Places: o.Places, Devices: o.Devices, Qualified: "3 of 4 listens qualify"},
		"audience":   Audience{Frame: f("audience"), Places: o.Places, Devices: o.Devices, Listeners: o.Listeners, Exactness: "Counted exactly below 65,536, estimated within 1 % above."},
		"statements": Statements{Frame: f("statements"), List: []Statement{*o.Statement}}, "statements-empty": Statements{Frame: f("statements")},
		"changes": Changes{Frame: f("changes"), Count: 2, Tracks: []Choice{{"t1", "Low Tide", false}, {"t2", "Paper Lanterns", true}}, Groups: []ChangeGroup{{"Noticed on 2 April", o.Changes}}}, "changes-empty": Changes{Frame: f("changes")},
		"account": Account{
			Frame: f("statements"), Statement: *o.Statement, Month: "February 2026", Sums: []string{"EUR 8,131.02"}, Carried: []Amount{{"January 2026: late listens", "EUR +1.10", false}},
			Tracks: []PaidRow{{Name: "Paper Lanterns", URL: "/artists/A/tracks/t", Listens: "2,114", Qualified: "1,900", Currency: "EUR", Published: "8,120.40", Adjusted: "+10.62", Now: "8,131.02"}, {Name: "Unpaid", Listens: "1", Qualified: "0"}},
			Pools:  []PaidRow{{Name: "Germany, premium", Qualified: "1,900", Currency: "EUR", Published: "8,120.40", Adjusted: "+10.62", Now: "8,131.02"}},
		}, "account-empty": Account{Frame: f("statements"), Month: "February 2026"},
		"roster": Roster{Frame: label, Sort: "plays", Rows: []ArtistRow{{ID: "A", Name: "Nils Aurora", URL: "/artists/A", Plays: 7934, Before: 6990, Change: "+14 %", Spark: Spark{1, 2, 3}}}, Count: 1, Sorts: []Sort{{"Artist", "name", "?sort=name"}, {"Plays", "plays", "?sort=plays"}}},
		"export": Export{Frame: f("export"), Files: []Link{{"Days, as CSV", "/v1/artists/A%2F1/timeseries?step=day"}}},
		"notice": Notice{Title: "This link has expired", Text: []string{"A sign-in link works once, for ten minutes.", "Ask the service for another one."}},
		"find":   Find{Query: "nils", Found: []Found{{"artist", "A/1", "Nils Aurora", "/artists/A%2F1"}}, Count: 2, Known: 9}, "find-empty": Find{NoNames: true},
		"signin":    Notice{Title: "Sign in", Text: []string{"This link was used already."}, SignIn: &SignIn{Script: "/signin/assets/signin.js", Issuer: true, Onward: "/artists/A"}},
		"signed-in": Notice{Title: "Signed in", Done: true},
	}
}

// TestEveryViewIsDrawnWithoutScriptOrStyleInIt writes the pages to the folder that PAGES names, to be looked at.
func TestEveryViewIsDrawnWithoutScriptOrStyleInIt(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<script(?:[^>]*)>[^<]|<style| style=| on[a-z]+=|javascript:`)
	for name, view := range everyView() {
		html := render(t, view)
		if at := inline.FindString(html); at != "" {
			t.Errorf("%s has %q in it", name, at)
		}
		if strings.Contains(html, "<no value>") || strings.Contains(html, "%!") || strings.Contains(html, "ZgotmplZ") {
			t.Errorf("%s has a value that did not come out", name)
		}
		if dir := os.Getenv("PAGES"); dir != "" {
			if err := os.WriteFile(dir+"/"+name+".html", []byte(html), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestTextsOfOthersAreNoMarkup(t *testing.T) {
	o := overview()
	const bad = `<script>alert(1)</script>"'>`
	o.Name, o.Tracks[0].Title, o.Places.Parts[0].Name, o.Changes[0].What, o.Chart.Points[0].Label = bad, bad, bad, bad, bad
	o.ID = `"/><script>`
	if html := render(t, o); strings.Contains(html, "<script>") {
		t.Error("a name became a script")
	}
}

func TestEveryChartHasATableWithTheSameFigures(t *testing.T) {
	html := render(t, overview())
	for _, p := range overview().Chart.Points {
		if !strings.Contains(html, `<th scope="row">`+p.Label+`</th><td class="r">`+Count(p.Plays)+`</td><td class="r">`+Count(p.Previous)+`</td>`) {
			t.Errorf("%s is not in the table", p.Label)
		}
	}
}

// Assets are served under names that change with their content, so no script can name another.
func TestScriptsImportNothing(t *testing.T) {
	_, byURL := assets()
	for url, a := range byURL {
		if regexp.MustCompile(`(?m)^\s*(import|export .* from)\b|import\(`).Match(a.plain) {
			t.Errorf("%s imports another", url)
		}
	}
}

func TestTheFirstViewIsSmall(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(render(t, overview()))) //nolint:errcheck // into memory
	z.Close()                              //nolint:errcheck // into memory
	total := zipped.Len()
	_, byURL := assets()
	for url := range byURL {
		r := httptest.NewRequest(http.MethodGet, url, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		if !Asset(w, r) {
			t.Errorf("%s is not served", url)
		}
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") == "" {
			t.Errorf("%s: %d", url, w.Code)
		}
		total += w.Body.Len()
	}
	if total > 60<<10 {
		t.Errorf("%d bytes compressed", total)
	}
	t.Logf("%d bytes compressed", total)
}

func TestAxesHaveRoundSteps(t *testing.T) {
	for most, want := range map[int64][2]int64{0: {1, 1}, 1: {1, 1}, 5: {5, 1}, 6: {6, 2}, 451: {500, 100}, 1001: {1500, 500}, 99_999: {100_000, 20_000}} {
		if top, every := scale(most); top != want[0] || every != want[1] {
			t.Errorf("up to %d: top %d, lines every %d, want %v", most, top, every, want)
		}
	}
}

func TestNumbersAreWrittenOneWay(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "−1,234,567"} {
		if got := Count(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
