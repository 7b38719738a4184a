package browser

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// A browser opens six connections to a server over HTTP/1.1, for all its tabs together. A stream of new cuts takes one
// for as long as it is open, and a page that waits for a free one does not load.

// gate stands before the dashboard and counts the streams that browsers hold.
type gate struct {
	mu                sync.Mutex
	open, most, begun int
}

// newGate is the world as seen through a gate.
func (w *world) newGate(t *testing.T) *gate {
	t.Helper()
	to, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // which the dashboard compares with the origin of a request
	}}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/updates") {
			g.count(1)
			defer g.count(-1)
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	return g
}

func (g *gate) count(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open += n
	g.most = max(g.most, g.open)
	g.begun += max(n, 0)
}

// streams are those that are open, the most that were at once, and all that were ever begun.
func (g *gate) streams() (open, most, begun int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open, g.most, g.begun
}

// holds waits until one stream is open, which was begun after so many others.
func (g *gate) holds(w *world, after int) (begun int) {
	w.Helper()
	w.until("one page holds the stream", func() bool {
		open, _, n := g.streams()
		begun = n
		return open == 1 && begun > after
	})
	return begun
}

// few tells what a browser may have open at once: the next page may ask before the server has seen the last one go.
func (g *gate) few(t *testing.T) {
	t.Helper()
	if _, most, _ := g.streams(); most > 2 {
		t.Errorf("up to %d streams were open of one browser", most)
	}
}

// quickly is much more than a page takes, and less than a browser keeps the stream of a page that was left.
const quickly = 10 * time.Second

func aPageThatWasLeftHoldsNoStream(t *testing.T, w *world) {
	g := w.newGate(t)
	b := w.tab(t, desk)
	b.signIn("--artist", w.ids[artist])
	begun := 0
	for range 5 {
		for _, name := range []string{"Tracks", "Overview"} {
			begun = g.holds(w, begun)
			began := time.Now()
			eval[bool](b, `[...document.querySelectorAll("header nav a")].find(a => a.textContent === `+quoted(name)+`).click(), true`)
			b.arrives(name)
			if took := time.Since(began); took > quickly {
				t.Errorf("%s took %s", name, took)
			}
		}
	}
	begun = g.holds(w, begun)
	eval[bool](b, "history.back(), true")
	b.arrives("Tracks")
	g.holds(w, begun)
	g.few(t)
}

// arrives waits until the page shows a view.
func (b *tab) arrives(name string) {
	b.Helper()
	b.w.until("the page shows "+name, func() bool {
		return eval[bool](b, `document.readyState === "complete" && document.querySelector("header [aria-current]")?.textContent === `+quoted(name))
	})
}

func manyPagesShareOneStream(t *testing.T, w *world) {
	g := w.newGate(t)
	first := w.tab(t, desk)
	first.signIn("--artist", w.ids[artist])
	var others []*tab
	for range 7 { // more than there are connections
		b := first.another()
		b.open(w.base(artist))
		others = append(others, b)
	}
	for _, b := range append(others, first) {
		w.until("every page hears of cuts", func() bool { return b.heard() != "" })
	}
	for _, b := range others { // one of them or the first holds it
		b.close()
		g.holds(w, 0)
	}
	g.few(t)
	_, _, begun := g.streams()
	over := first.another(chromedp.WithNewWindow(false))
	over.open(w.base(artist))
	begun = g.holds(w, begun)
	if !eval[bool](first, "document.hidden") {
		t.Error("a tab lies over another one, and both are seen")
	}
	over.close()
	g.holds(w, begun)
	g.few(t)
}

// heard is the cut that the page has heard of, be it from the stream or from another page.
func (b *tab) heard() string {
	b.Helper()
	return eval[string](b, `document.documentElement.dataset.heard ?? ""`)
}
