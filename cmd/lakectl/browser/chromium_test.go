package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromium is a browser that several tests have tabs in.
type chromium struct{ ctx context.Context }

func newChromium(t *testing.T, path string) *chromium {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, // as root it has none
		chromedp.Flag("disable-gpu", true), chromedp.Flag("hide-scrollbars", false))
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	ctx, done := chromedp.NewContext(ctx)
	t.Cleanup(func() { done(); cancel() })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return &chromium{ctx}
}

// request is what a page asked for.
type request struct {
	URL    string
	Status int64
	Bytes  float64 // as they came over the wire, headers too
	Sent   network.Headers
}

// tab is a page of a browser that knows nobody yet.
type tab struct {
	*testing.T
	ctx   context.Context
	close func()
	w     *world

	mu       sync.Mutex
	requests map[network.RequestID]*request
	problems []string // what the browser's console says

	reached map[string]bool // what has had the focus
}

// screen is what somebody looks at a page with.
type screen struct {
	width  int64
	dark   bool
	phone  bool
	plain  bool // without scripts
	gentle bool // no motion is wanted
}

var (
	desk      = screen{width: 1280}
	darkDesk  = screen{width: 1280, dark: true}
	phone     = screen{width: 375, phone: true}
	noScripts = screen{width: 1280, plain: true}
)

// tab opens a page of its own, as another person's browser would.
func (w *world) tab(t *testing.T, s screen) *tab {
	t.Helper()
	return w.newTab(t, s, w.browser.ctx, chromedp.WithNewBrowserContext())
}

// another opens a page in the same person's browser, in a window of its own.
func (b *tab) another(options ...chromedp.ContextOption) *tab {
	b.Helper()
	return b.w.newTab(b.T, desk, b.ctx, options...)
}

func (w *world) newTab(t *testing.T, s screen, in context.Context, options ...chromedp.ContextOption) *tab {
	t.Helper()
	b := &tab{T: t, w: w, requests: map[network.RequestID]*request{}}
	ctx, cancel := chromedp.NewContext(in, append(options, chromedp.WithListener(b.hear))...)
	t.Cleanup(cancel)
	b.ctx, b.close = ctx, cancel
	b.must(chromedp.Do(ctx))
	command(b, network.Enable, network.EnableParams{})
	command(b, log.Enable, cdp.Empty{})
	b.look(s)
	return b
}

// look changes what the page is looked at with.
func (b *tab) look(s screen) {
	b.Helper()
	var options []chromedp.EmulateViewportOption
	height := int64(900)
	if s.phone {
		options, height = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch), 740
	}
	scheme, motion := "light", "no-preference"
	if s.dark {
		scheme = "dark"
	}
	if s.gentle {
		motion = "reduce"
	}
	b.must(chromedp.Do(b.ctx, chromedp.EmulateViewport(s.width, height, options...)))
	command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion},
	}})
	command(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: s.plain})
}

// command sends a command of the DevTools protocol.
func command[P, R any](b *tab, c cdp.Command[P, R], params P) R {
	b.Helper()
	answer, err := chromedp.Call(b.ctx, c, params)
	b.must(err)
	return answer
}

func (b *tab) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// hear keeps what the page asks for and what its console says.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests[e.RequestID] = &request{URL: e.Request.URL, Sent: e.Request.Headers}
	case *network.EventRequestWillBeSentExtraInfo:
		if r := b.requests[e.RequestID]; r != nil {
			r.Sent = e.Headers
		}
	case *network.EventResponseReceived:
		if r := b.requests[e.RequestID]; r != nil {
			r.Status = e.Response.Status
		}
	case *network.EventLoadingFinished:
		if r := b.requests[e.RequestID]; r != nil {
			r.Bytes = e.EncodedDataLength
		}
	case *runtime.EventExceptionThrown:
		b.problems = append(b.problems, e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			b.problems = append(b.problems, e.Entry.Text+" "+e.Entry.URL)
		}
	}
}

// asked are the requests so far, in no order.
func (b *tab) asked() []request {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]request, 0, len(b.requests))
	for _, r := range b.requests {
		list = append(list, *r)
	}
	return list
}

// forget begins anew with what was asked for and said.
func (b *tab) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.requests)
	b.problems = nil
}

// said is what the console said since the last time.
func (b *tab) said() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.problems
	b.problems = nil
	return list
}

// open shows an address of the dashboard and returns its status.
func (b *tab) open(path string) int64 {
	b.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.w.url + path
	}
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	answer, err := chromedp.Run(ctx, chromedp.NavigateResponse(path))
	if err != nil {
		b.Fatalf("%s: %v", path, err)
	}
	if answer == nil {
		return 0
	}
	return answer.Status
}

// signIn signs the tab in by a link and returns where that led.
func (b *tab) signIn(scope ...string) string {
	b.Helper()
	b.open(b.w.link(scope...))
	b.w.until("the link has signed the browser in", func() bool {
		return !strings.Contains(eval[string](b, "location.pathname"), "signin") && eval[string](b, "document.readyState") == "complete"
	})
	return eval[string](b, "location.pathname")
}

// eval is the value of an expression in the page. Where the page leaves meanwhile, the next one is asked.
func eval[T any](b *tab, expression string) T {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	for {
		value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
		switch {
		case err == nil:
			return value
		case ctx.Err() == nil && (strings.Contains(err.Error(), "context") || strings.Contains(err.Error(), "navigated")):
		default:
			b.Fatalf("%.200s: %v", expression, err)
		}
	}
}

// press presses keys, one after the other.
func (b *tab) press(keys ...string) {
	b.Helper()
	for _, key := range keys {
		b.must(chromedp.Do(b.ctx, chromedp.KeyEvent(key)))
	}
}

// picture keeps what the page looks like where SCREENSHOTS names a folder.
func (b *tab) picture(name string) {
	b.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	b.must(err)
	b.must(os.MkdirAll(dir, 0o755))
	b.must(os.WriteFile(filepath.Join(dir, strings.Trim(strings.NewReplacer("/", "-", " ", "-", "%", "").Replace(name), "-")+".png"), png, 0o644))
}

// quoted is a text as an expression.
func quoted(text string) string { return fmt.Sprintf("%q", text) }
