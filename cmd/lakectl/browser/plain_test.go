package browser

import (
	"strings"
	"testing"
)

func withoutScripts(t *testing.T, w *world) {
	scripted, plain := w.tab(t, desk), w.tab(t, desk)
	for _, b := range []*tab{scripted, plain} {
		b.signIn("--artist", w.ids[artist])
	}
	plain.look(noScripts)
	for _, view := range scripted.views() {
		scripted.open(view)
		if status := plain.open(view); status != 200 {
			t.Errorf("%s is %d", view, status)
		}
		if n := eval[int](plain, `document.querySelectorAll(".cursor").length`); n != 0 {
			t.Fatalf("%s: a script ran", view)
		}
		const figures = `[...document.querySelectorAll("main table")].map(t => [...t.rows].map(r => [...r.cells].map(c => c.textContent.trim()).join(" ")).join("\n")).join("\n\n")`
		want, got := eval[string](scripted, figures), eval[string](plain, figures)
		if got != want || got == "" && !strings.Contains(view, "export") && !strings.Contains(view, "statements") && !strings.Contains(view, "changes") {
			t.Errorf("%s: without scripts the tables say %q, with them %q", view, got, want)
		}
		for range eval[int](plain, `[...document.querySelectorAll("details")].forEach(d => d.querySelector("summary").click()), 1`) {
			if shut := eval[int](plain, `[...document.querySelectorAll("details")].filter(d => !d.open).length`); shut != 0 {
				t.Errorf("%s: %d tables do not open", view, shut)
			}
		}
		plain.picture("plain" + strings.TrimPrefix(view, w.base(artist)))
	}
}
