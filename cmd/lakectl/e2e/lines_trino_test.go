package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/lake"
)

// borders are the last and first instants of months and days.
var borders = []string{
	"2026-02-28T23:59:59.999999Z", "2026-03-01T00:00:00Z", "2026-03-09T23:59:59.999999Z", "2026-03-10T00:00:00Z", "2026-03-10T10:59:59.999999Z",
	"2026-03-31T23:59:59.999999Z", "2026-04-01T00:00:00Z",
}

// odd are ids that engines may quote, sort or compare otherwise.
var odd = []string{"t", "T", "tä", "ta\u0308", "it's", `"t"`, "𝄞", "\uff5e", "t--", "t?", "t%"}

// borderCases are listens at every border, with lengths at which rules decide one way or the other, and their copies.
func borderCases() (lines []string) {
	for i, at := range borders {
		for j, id := range odd {
			for k, ms := range []int{29_999, 30_000, 15_000, 14_999} {
				listen := fmt.Sprintf("l-%d-%d-%d", i, j, k)
				more := []any{"track_id", id, "artist_id", "A" + odd[(j+i)%3], "ms_played", ms, "country", []string{"DE", "BR"}[k%2], "device", []string{"phone", "car's"}[i%2]}
				if (j+k)%3 > 0 {
					more = append(more, "track_ms", []int{30_000, 30_001}[j%2])
				}
				lines = append(lines, play(listen, fmt.Sprint("u", j), at, more...))
				switch {
				case j == k: // a copy of another month, which counts
					lines = append(lines, play(listen, "u", "2026-02-20T10:00:00Z", more...))
				case j == k+4: // a copy without a length, which does not
					lines = append(lines, play(listen, fmt.Sprint("u", j), at, more[:10]...))
				}
			}
		}
	}
	return lines
}

// someRules are one expression, manyRules are looked up by key.
const someRules = `rules:
  - {id: "it's", track_id: "it's", min_ms_played: 86400000, min_fraction: 0.5, effective_from: 2026-03-01, effective_to: 2026-03-10}
  - {id: umlaut, track_id: "tä", tier: free, count: false, effective_to: 2026-04-01}
  - {id: car, device: "car's", min_ms_played: 15000}
  - {id: default, min_ms_played: 30000, min_fraction: 0.9999}
`

func manyRules() string {
	var b strings.Builder
	b.WriteString("rules:\n")
	for i, id := range odd {
		for j, dates := range []string{"effective_to: 2026-03-01", "effective_from: 2026-03-01, effective_to: 2026-03-10", "effective_from: 2026-03-10, effective_to: 2026-04-01"} {
			fmt.Fprintf(&b, "  - {id: %q, track_id: %q, min_ms_played: %d, min_fraction: 0.%d, %s}\n", fmt.Sprint(id, j), id, 15_000+(i+j)%2, 4999+(i+j)%3, dates)
		}
	}
	return b.String() + "  - {id: nobody's, artist_id: AT, country: BR, count: false}\n  - {id: car, device: \"car's\", min_ms_played: 14999}\n" +
		"  - {id: april, min_ms_played: 30000, effective_from: 2026-04-01}\n  - {id: default, min_ms_played: 29999, min_fraction: 1}\n"
}

// published are the tables that royalties and dashboard publish, as programs are told.
func (l *lakeDir) published() map[string]string {
	l.t.Helper()
	all := map[string]string{}
	for _, text := range []string{
		"SELECT * FROM royalty_lines ORDER BY ALL", "SELECT * FROM royalty_payouts ORDER BY ALL", "SELECT * FROM royalty_shares ORDER BY ALL",
		"SELECT period, cause, rows_read, duplicates, lines, listens, qualified_listens, checksum FROM royalty_runs ORDER BY ALL",
		"SELECT hour, artist_id, track_id, country, device, sum(plays)::BIGINT AS plays, sum(ms_played)::BIGINT AS ms FROM plays_by_hour GROUP BY ALL HAVING plays <> 0 ORDER BY ALL",
		"SELECT day, artist_id, track_id, sum(plays)::BIGINT AS plays, sum(ms_played)::BIGINT AS ms FROM plays_by_day GROUP BY ALL HAVING plays <> 0 ORDER BY ALL",
		"SELECT day, artist_id, country, device, sum(plays)::BIGINT AS plays FROM audience_by_day GROUP BY ALL HAVING plays <> 0 ORDER BY ALL",
	} {
		out, said, code := l.shown("--json", "sql", "--engine", "duckdb", text)
		if code != 0 {
			l.t.Fatalf("%s: %s", text, said)
		}
		all[text] = out
	}
	return all
}

// full is what a recount from the archive prints, on an engine.
func (l *lakeDir) full(engine string) (text string, code int) {
	l.t.Helper()
	text, said, code := l.shown("--json", "job", "royalties", "--full", "--engine", engine)
	return strings.ReplaceAll(text, engine, "ENGINE") + said, code
}

func TestBothEnginesPublishTheSame(t *testing.T) {
	l := onTrino(t)
	other := newLakeDir(t, false)
	lines := borderCases()
	half := len(lines) / 2
	told := map[string][]map[string]string{}
	for engine, l := range map[string]*lakeDir{"trino": l, "duckdb": other} {
		step := func(rules string, events ...string) {
			l.run(nil, "rules", "apply", l.write("rules.yaml", rules))
			l.run(nil, "ingest", "file", "--source", fmt.Sprint("part", len(told[engine])), l.write("events.jsonl", strings.Join(events, "\n")+"\n"))
			l.run(nil, "job", "royalties", "--engine", engine)
			l.run(nil, "job", "rollup", "--true-up", "--engine", engine)
			told[engine] = append(told[engine], l.published())
		}
		l.run(nil, "pools", "apply", l.write("pools.csv", "period,country,tier,currency,amount_minor\n2026-02,*,*,EUR,777\n2026-03,*,*,EUR,10001\n2026-03,DE,*,USD,501\n2026-04,*,*,EUR,778\n"))
		l.run(nil, "splits", "apply", l.write("splits.csv", "track_id,party,role,basis_points,effective_from,effective_to\nit's,Ä,writer,3333,2026-03-10,2026-04-01\nit's,B,label,6667,2026-03-10,2026-04-01\n"))
		step(someRules, lines[:half]...)
		step(someRules, append(lines[half:], leave("r1", "u3", "2026-06-01T00:00:00Z"))...)
		l.run(nil, "job", "deletions")
		step(manyRules(), lines[:3]...)
	}
	if diff := cmp.Diff(told["duckdb"], told["trino"]); diff != "" {
		t.Errorf("-duckdb +trino:\n%s", diff)
	}
	want, code := l.full("duckdb")
	got, also := l.full("trino")
	if diff := cmp.Diff(want, got); diff != "" || code != 0 || also != 0 || !strings.Contains(got, `"agrees": true`) {
		t.Errorf("a recount ends with %d and %d: %s%s", code, also, want, diff)
	}
	if out, said, code := l.shown("royalties", "reproduce", "2026-03"); code != 0 || !strings.Contains(out, "same") {
		t.Errorf("ends with %d: %s%s", code, out, said)
	}
	if runs := l.query("SELECT DISTINCT engine FROM royalty_runs WHERE cause LIKE '%rules%'"); len(runs) != 1 || runs[0]["engine"] != "trino" {
		t.Errorf("the runs say %v", runs)
	}
	l.alterLines("track_id = '𝄞' AND country = 'DE'")
	want, code = l.full("duckdb")
	got, also = l.full("trino")
	if diff := cmp.Diff(want, got); diff != "" || code != frame.ExitProof || also != frame.ExitProof || !strings.Contains(got, "2026-03") {
		t.Errorf("with a wrong line a recount ends with %d and %d: %s%s", code, also, want, diff)
	}
}

// alterLines puts another line in the place of one of March, in a commit that looks like ours, and leaves none before.
func (l *lakeDir) alterLines(which string) {
	l.t.Helper()
	at, _ := l.connected()
	s, d := at.Snapshot(l.t, catalog.RoyaltyLines), at.DB(l.t)
	files, err := s.Files(l.t.Context())
	if err == nil {
		err = d.Bind(l.t.Context(), "now", s)
	}
	err = errors.Join(err, d.ExecText(l.t.Context(), `CREATE VIEW altered AS SELECT * EXCLUDE (_file, _pos)
		REPLACE (listens + (period = '2026-03' AND `+which+`)::BIGINT AS listens) FROM now`))
	if err != nil {
		l.t.Fatal(err)
	}
	added, err := d.Write(l.t.Context(), s.Table(), "maintain", "altered")
	if err == nil {
		_, err = at.Commit(l.t.Context(), catalog.RoyaltyLines, lake.Commit{Job: "maintain", Remove: files, Add: added, Stage: lake.IfUnmoved(s, nil)})
	}
	if err != nil {
		l.t.Fatal(err)
	}
	at.Hand(l.t, catalog.RoyaltyLines).Expire()
}
