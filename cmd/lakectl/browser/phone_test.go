package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
)

func nothingScrollsSideways(t *testing.T, w *world) {
	for name, who := range w.people() {
		b := w.tab(t, phone)
		b.signIn(who.scope...)
		b.open(who.page)
		views := b.views()
		if name == "operator" {
			views = nil // they are the artist's
		}
		for _, view := range append([]string{who.home}, views...) {
			b.open(view)
			if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 375 {
				t.Errorf("%s: %s is %d pixels wide: %s", name, view, wide, eval[string](b, `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > 375.5 && !e.closest(".vh, nav, .sideways")).slice(0, 4).map(e => e.tagName + "." + e.getAttribute("class")).join(" ")`))
			}
			if lines := eval[int](b, `document.querySelector("header") ? Math.round(document.querySelector("header").getBoundingClientRect().height) : 0`); lines > 96 {
				t.Errorf("%s: the head of %s is %d pixels high, more than two lines", name, view, lines)
			}
			if small := eval[[]string](b, `[...document.querySelectorAll("header a, .choices a, button")].filter(e => e.getBoundingClientRect().height < 24).map(e => e.textContent)`); len(small) > 0 {
				t.Errorf("%s: %s: too small for a finger: %q", name, view, small)
			}
		}
	}
}

func aPointerReadsPoints(t *testing.T, w *world) {
	b := w.tab(t, desk)
	b.signIn("--artist", w.ids[artist])
	middle := eval[[]float64](b, `(() => { const c = document.querySelector(".cursor"); c.scrollIntoView({ block: "center" }); const r = c.getBoundingClientRect(); return [r.x + r.width * .6, r.y + r.height / 2] })()`)
	command(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: middle[0], Y: middle[1]})
	w.until("the pointer reads a point", func() bool { return b.reads() })
	b.picture("hover")
	b.look(phone)
	b.open(w.base(artist))
	middle = eval[[]float64](b, `(() => { const c = document.querySelector(".cursor"); c.scrollIntoView({ block: "center" }); const r = c.getBoundingClientRect(); return [r.x + r.width * .3, r.y + r.height / 2] })()`)
	touch := []*input.TouchPoint{{X: middle[0], Y: middle[1]}}
	command(b, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: touch})
	command(b, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}})
	w.until("a finger reads a point", func() bool { return b.reads() })
	b.picture("touch")
	if box := eval[[]float64](b, `(() => { const r = document.querySelector(".told").getBoundingClientRect(); return [r.left, r.right] })()`); box[0] < 0 || box[1] > 375 {
		t.Errorf("what a finger reads lies from %g to %g of 375 pixels", box[0], box[1])
	}
}

// reads tells whether the chart shows one of the lines of its table.
func (b *tab) reads() bool {
	b.Helper()
	told := eval[string](b, `document.querySelector(".told").hidden ? "" : document.querySelector(".told").innerText`)
	for _, r := range b.table("figure .behind") {
		if strings.Contains(told, r[0]) && strings.Contains(told, r[1]) {
			return true
		}
	}
	return false
}
