package browser

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"os"
	"strings"
	"testing"
)

const (
	axeFile = "testdata/axe-core-4.14.1/axe.min.js"
	axeSum  = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
)

// axe is the source of axe-core as its package ships it.
func axe(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(axeFile)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != axeSum {
		t.Fatalf("%s is not what its package ships", axeFile)
	}
	return string(text)
}

func TestAxeIsAsItsPackageShipsIt(t *testing.T) { axe(t) }

// base is the address of somebody's first page.
func (w *world) base(kind string) string { return "/" + kind + "s/" + url.PathEscape(w.ids[kind]) }

// views are the addresses that a page's navigation leads to, and the first track.
func (b *tab) views() []string {
	b.Helper()
	list := eval[[]string](b, `[...document.querySelectorAll("header nav a")].map(a => a.getAttribute("href"))`)
	return append(list, eval[[]string](b, `[...document.querySelectorAll("table.list th a")].slice(0, 1).map(a => a.getAttribute("href"))`)...)
}

func everyViewIsThere(t *testing.T, w *world) {
	rules := axe(t)
	for name, who := range w.people() {
		b := w.tab(t, desk)
		if at := b.signIn(who.scope...); at != who.home {
			t.Errorf("%s was led to %s, want %s", name, at, who.home)
		}
		b.open(who.page)
		views := b.views()
		if len(views) < 6 {
			t.Errorf("%s sees only %v", name, views)
		}
		if name == "operator" {
			views = nil // they are the artist's
		}
		for _, view := range append([]string{who.home}, views...) {
			b.walk(rules, name, view)
		}
	}
}

// person is somebody who signs in.
type person struct {
	scope      []string
	home, page string // where signing in leads, and a page with figures
}

func (w *world) people() map[string]person {
	return map[string]person{
		artist:     {[]string{"--artist", w.ids[artist]}, w.base(artist), w.base(artist)},
		label:      {[]string{"--label", w.ids[label]}, w.base(label), w.base(label)},
		"operator": {[]string{"--operator"}, "/", w.base(artist)},
	}
}

// walk looks at a view in light and dark and on a phone.
func (b *tab) walk(rules, who, view string) {
	b.Helper()
	b.said()
	if status := b.open(view); status != 200 {
		b.Errorf("%s: %s is %d", who, view, status)
		return
	}
	if n := eval[int](b, `document.querySelectorAll("h1").length`); n != 1 {
		b.Errorf("%s: %s has %d first headings", who, view, n)
	}
	at := strings.TrimPrefix(view, b.w.base(artist))
	for name, s := range map[string]screen{"light": desk, "dark": darkDesk, "phone": phone} {
		b.look(s)
		if !s.phone { // it has the same elements and colours
			for _, broken := range b.broken(rules) {
				b.Errorf("%s, %s, %s: %s", who, view, name, broken)
			}
		}
		b.picture(who + " " + strings.TrimPrefix(at, b.w.base(label)) + " " + name)
	}
	b.look(desk)
	if said := b.said(); len(said) > 0 {
		b.Errorf("%s: %s: the console says %q", who, view, said)
	}
}

// broken are the rules of axe-core that a page breaks, the serious ones.
func (b *tab) broken(rules string) []string {
	b.Helper()
	if !eval[bool](b, `typeof window.axe === "object"`) {
		eval[bool](b, rules+"\n;true")
	}
	return eval[[]string](b, `axe.run(document, { resultTypes: ["violations"] }).then(r => r.violations
		.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + n.failureSummary).join(" | ")))`)
}

func aBadLinkSaysWhatToDo(t *testing.T, w *world) {
	rules := axe(t)
	b := w.tab(t, desk)
	used := w.link("--artist", w.ids[artist])
	b.open(used)
	w.until("the link is used", func() bool { return eval[string](b, "location.pathname") == w.base(artist) })
	for name, address := range map[string]string{"used": used, "forged": w.url + "/signin#lkl_forged"} {
		b := w.tab(t, desk)
		b.open(address)
		w.until("the page says that the link is not good", func() bool {
			return strings.Contains(eval[string](b, `document.body?.innerText ?? ""`), "another")
		})
		if got := eval[string](b, "location.href"); strings.Contains(got, "lkl_") {
			t.Errorf("%s: the secret stays in the address: %s", name, got)
		}
		for _, rule := range b.broken(rules) {
			t.Errorf("%s: %s", name, rule)
		}
		b.picture("link-" + name)
	}
	w.expired(t, rules)
}

// expired signs somebody in, revokes it, and looks at what the open page becomes, and the next one.
func (w *world) expired(t *testing.T, rules string) {
	t.Helper()
	b := w.tab(t, desk)
	b.signIn("--artist", w.ids[artist])
	w.until("the page has heard of a cut", func() bool { return b.heard() != "" })
	w.revokeNewest()
	w.until("the open page asks to sign in by itself", func() bool {
		return strings.Contains(strings.ToLower(eval[string](b, `document.body?.innerText ?? ""`)), "sign in")
	})
	if code := b.open(w.base(artist)); code != 401 {
		t.Errorf("a page of who was signed out is %d", code)
	}
	if text := eval[string](b, `document.body?.innerText ?? ""`); !strings.Contains(strings.ToLower(text), "sign in") {
		t.Errorf("the page of who was signed out says %q", text)
	}
	for _, rule := range b.broken(rules) {
		t.Errorf("signed out: %s", rule)
	}
	b.picture("signed-out")
}
