package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"
)

func aKeyboardReadsEveryPoint(t *testing.T, w *world) {
	b := w.tab(t, desk)
	b.signIn("--artist", w.ids[artist])
	b.open(w.base(artist) + "/tracks")
	track := eval[string](b, `document.querySelector("table.list th a").getAttribute("href")`)
	for _, view := range []string{w.base(artist), w.base(artist) + "?days=90", track} {
		b.open(view)
		charts := eval[int](b, `document.querySelectorAll("figure[data-chart] .cursor").length`)
		if charts == 0 {
			t.Fatalf("%s has no chart that a keyboard reads", view)
		}
		for i := range charts {
			b.readChart(view, i)
		}
	}
}

// readChart goes through a chart from its first to its last point and compares what is read out with its table.
func (b *tab) readChart(view string, nth int) {
	b.Helper()
	chart := fmt.Sprintf(`document.querySelectorAll("figure[data-chart]")[%d]`, nth)
	rows := eval[[]row](b, `[...`+chart+`.querySelectorAll("tbody tr")].map(r => [...r.cells].map(c => c.textContent.trim()))`)
	eval[bool](b, chart+`.querySelector(".cursor").focus(), true`)
	b.press(kb.Home)
	for i, r := range rows {
		if i > 0 {
			b.press(kb.ArrowRight)
		}
		told := eval[string](b, chart+`.querySelector(".cursor").getAttribute("aria-valuetext")`)
		shown := eval[string](b, chart+`.querySelector(".told").innerText`)
		for _, cell := range r[:2] {
			if !strings.Contains(told, cell) || !strings.Contains(shown, cell) {
				b.Errorf("%s, point %d: read out as %q, shown as %q, the table has %q", view, i, told, shown, r)
			}
		}
	}
	b.press(kb.ArrowRight, kb.End)
	if now, most := eval[string](b, chart+`.querySelector(".cursor").getAttribute("aria-valuenow")`), fmt.Sprint(len(rows)-1); now != most {
		b.Errorf("%s: the cursor is at %s, want %s", view, now, most)
	}
}

// called is a function that gives what can have the focus a name; focused says what has it and whether one sees that.
const (
	called  = `(e => e.tagName + " " + (e.getAttribute("href") ?? e.getAttribute("name") ?? e.className ?? ""))`
	focused = `(() => { const e = document.activeElement, s = getComputedStyle(e), box = e.getBoundingClientRect();
		return [` + called + `(e), (s.outlineStyle === "auto" || s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2) && box.width > 0 ? "seen" : "not seen"] })()`
)

func aKeyboardGoesAbout(t *testing.T, w *world) {
	b := w.tab(t, desk)
	b.open(w.url + "/signin")
	link := w.link("--artist", w.ids[artist])
	if at := b.walkBy(kb.Tab, "INPUT secret"); at != "INPUT secret" {
		t.Fatalf("a keyboard does not reach the field of the sign-in page, but %s", at)
	}
	command(b, input.InsertText, input.InsertTextParams{Text: link})
	b.press(kb.Enter)
	w.until("the keyboard has signed in", func() bool {
		return eval[string](b, "location.pathname") == w.base(artist) && eval[string](b, "document.readyState") == "complete"
	})
	everything := eval[[]string](b, `[...document.querySelectorAll("a, button, summary, .cursor")].filter(e => e.checkVisibility()).map(`+called+`)`)
	b.walkBy(kb.Tab, "")
	for _, one := range everything {
		if !b.reached[one] {
			t.Errorf("a keyboard does not reach %s", one)
		}
	}
	export := eval[string](b, `[...document.querySelectorAll("header nav a")].at(-1).getAttribute("href")`)
	b.open(w.base(artist))
	b.walkBy(kb.Tab, "A "+export)
	b.press(kb.Enter)
	w.until("the keyboard has opened "+export, func() bool {
		return eval[string](b, "document.readyState") == "complete" && eval[string](b, "location.pathname") == export
	})
	file := eval[string](b, `document.querySelector(".files a").getAttribute("href")`)
	if at := b.walkBy(kb.Tab, "A "+file); at != "A "+file {
		t.Errorf("a keyboard does not reach %s, but %s", file, at)
	}
	const asked = `.then(r => r.status + " " + r.headers.get("Content-Type") + " " + r.headers.get("Content-Disposition"))`
	if got := eval[string](b, "fetch("+quoted(file)+`, { headers: { Accept: "text/html,*/*;q=0.8" } })`+asked); !strings.HasPrefix(got, "200 text/csv") || !strings.Contains(got, ".csv") {
		t.Errorf("%s is %s", file, got)
	}
}

// walkBy presses a key until something has the focus, or all had it. Everything on the way must be seen to have it.
func (b *tab) walkBy(key, to string) string {
	b.Helper()
	b.reached = map[string]bool{}
	last := ""
	for range 150 {
		b.press(key)
		at := eval[[]string](b, focused)
		if strings.HasPrefix(at[0], "BODY") {
			if len(b.reached) > 0 {
				break // round
			}
			continue // the browser's own
		}
		if at[1] != "seen" {
			b.Errorf("%s: one does not see that %s has the focus", eval[string](b, "location.pathname"), at[0])
		}
		if last = at[0]; last == to {
			break
		}
		b.reached[last] = true
	}
	return last
}
