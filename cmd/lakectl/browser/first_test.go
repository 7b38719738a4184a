package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
)

// most is how much a first view may take, head lines too.
const most = 60 << 10

func aFirstViewIsSmall(t *testing.T, w *world) {
	for name, who := range w.people() {
		b := w.tab(t, desk)
		b.signIn(who.scope...)
		b.open("about:blank")
		b.forget()
		command(b, network.ClearBrowserCache, cdp.Empty{})
		b.open(who.page)
		w.until("all scripts have begun", func() bool {
			return eval[bool](b, `document.querySelector(".cursor") !== null && document.documentElement.dataset.heard !== undefined`)
		})
		total := 0.0
		for _, r := range b.asked() {
			if !strings.HasPrefix(r.URL, w.url+"/") && !strings.HasPrefix(r.URL, "data:") && !strings.HasPrefix(r.URL, "about:") {
				t.Errorf("%s: the page asks for %s", name, r.URL)
			}
			total += r.Bytes
		}
		if total > most || total < 2000 {
			t.Errorf("%s: a first view takes %.0f bytes, at most %d may be", name, total, most)
		}
		t.Logf("%s: %.0f bytes in %d requests", name, total, len(b.asked()))
	}
}
