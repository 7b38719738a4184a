package browser

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// row is a line of a table in the page: its head and its cells.
type row []string

// table reads a table of the page.
func (b *tab) table(selector string) []row {
	b.Helper()
	return eval[[]row](b, fmt.Sprintf(`[...document.querySelectorAll(%q + " tbody tr")].map(r => [...r.cells].map(c => c.textContent.trim()))`, selector))
}

// number reads a figure as a page writes it.
func number(text string) int64 {
	var n int64
	if _, err := fmt.Sscan(strings.ReplaceAll(text, ",", ""), &n); err != nil {
		return -1
	}
	return n
}

// span is the first and the last day that a page shows.
func (b *tab) span() (from, to string) {
	b.Helper()
	return eval[string](b, `document.querySelector("input[name=from]").value`), eval[string](b, `document.querySelector("input[name=to]").value`)
}

// sums asks the ledger, which no table of the dashboard comes from, for the listens of an artist by something.
func (w *world) sums(by, where, from, to string) map[string]int64 {
	w.Helper()
	list := map[string]int64{}
	for _, r := range w.sql(fmt.Sprintf("SELECT %s AS k, count(*) AS n FROM listens_counted WHERE %s AND CAST(event_time AS DATE) BETWEEN DATE '%s' AND DATE '%s' GROUP BY ALL", by, where, from, to)) {
		list[fmt.Sprint(r["k"])] = number(fmt.Sprint(r["n"]))
	}
	return list
}

func total(of map[string]int64) (n int64) {
	for _, m := range of {
		n += m
	}
	return n
}

func figuresAreThoseOfTheTables(t *testing.T, w *world) {
	for _, who := range []string{artist} {
		b := w.tab(t, desk)
		b.signIn("--"+who, w.ids[who])
		where := fmt.Sprintf("artist_id = '%s'", w.ids[artist])
		if who == label {
			where = fmt.Sprintf("track_id IN (SELECT track_id FROM tracks WHERE label_id = '%s')", w.ids[label])
		}
		for _, query := range []string{"", "?days=7", "?from=2026-03-01&to=2026-03-31"} {
			b.open(w.base(who) + query)
			w.compareOverview(b, who+query, where)
			b.open(w.base(who) + "/tracks" + query)
			w.compareTracks(b, who+query, where)
		}
		w.compareStatement(b)
	}
}

func (w *world) compareOverview(b *tab, name, where string) {
	b.Helper()
	from, to := b.span()
	days := w.sums("strftime(event_time, '%-d %b')", where, from, to)
	if got := number(eval[string](b, `document.querySelector(".say b")?.textContent`)); got != total(days) || got == 0 {
		b.Errorf("%s: the page says %d plays, the ledger has %d", name, got, total(days))
	}
	var shown int64
	for _, r := range b.table("figure .behind") {
		shown += number(r[1])
		if n := number(r[1]); n != days[r[0]] && !strings.Contains(r[0], "week") {
			b.Errorf("%s: %s has %d plays on the page, %d in the ledger", name, r[0], n, days[r[0]])
		}
	}
	if shown != total(days) {
		b.Errorf("%s: the chart has %d plays, the ledger has %d", name, shown, total(days))
	}
	people := w.number(fmt.Sprintf("SELECT count(DISTINCT user_id) FROM listens_counted WHERE %s AND CAST(event_time AS DATE) BETWEEN DATE '%s' AND DATE '%s'", where, from, to))
	if text := eval[string](b, `document.querySelector(".chips").textContent`); !strings.Contains(strings.ReplaceAll(text, ",", ""), fmt.Sprintf("%d listeners", people)) {
		b.Errorf("%s: the page says %q, the ledger has %d listeners", name, text, people)
	}
	for of, column := range map[string]string{"Places": "country", "Devices": "device"} {
		parts, sum := w.sums(column, where, from, to), int64(0)
		for _, r := range b.table(fmt.Sprintf("[data-live=%q]", of)) {
			sum += number(r[1])
			if n, known := parts[r[0]]; known && n != number(r[1]) {
				b.Errorf("%s: %s has %s plays on the page, %d in the ledger", name, r[0], r[1], n)
			}
		}
		if sum != total(parts) {
			b.Errorf("%s: %s sum to %d, the ledger has %d", name, of, sum, total(parts))
		}
	}
}

// compareStatement holds what March paid as published against the payouts under the tag of its close.
func (w *world) compareStatement(b *tab) {
	b.Helper()
	b.open(w.base(artist) + "/statements")
	paid := w.number(fmt.Sprintf("SELECT CAST(sum(amount_minor) AS VARCHAR) AS n FROM royalty_payouts WHERE period = '2026-03' AND artist_id = '%s'", w.ids[artist]), "--as-of", "royalty-2026-03-v1")
	shown := eval[string](b, `document.getElementById("2026-03").querySelector("dl.sum dd").textContent`)
	if got := number(strings.ReplaceAll(strings.TrimPrefix(shown, "EUR "), ".", "")); got != paid || paid == 0 {
		b.Errorf("the page says that March paid %s, the payouts come to %d cents", shown, paid)
	}
}

func (w *world) compareTracks(b *tab, name, where string) {
	b.Helper()
	from, to := b.span()
	plays := w.sums("track_id", where, from, to)
	hrefs := eval[[]string](b, `[...document.querySelectorAll("table.list th a")].map(a => a.pathname)`)
	rows := b.table("table.list")
	if len(rows) != len(plays) || len(hrefs) != len(rows) {
		b.Fatalf("%s: %d tracks on the page, %d in the ledger", name, len(rows), len(plays))
	}
	for i, r := range rows {
		id, err := url.PathUnescape(hrefs[i][strings.LastIndex(hrefs[i], "/")+1:])
		if err != nil || number(r[1]) != plays[id] {
			b.Errorf("%s: track %s has %s plays on the page, %d in the ledger", name, id, r[1], plays[id])
		}
	}
}
