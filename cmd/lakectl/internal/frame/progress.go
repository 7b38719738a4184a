package frame

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
)

// progressEvery is how often the line may change: fast enough to look alive, slow
// enough to cost nothing next to the work it reports.
const progressEvery = 100 * time.Millisecond

// Progress is one line at the bottom of a terminal that says how far a job is.
// Where stderr is no terminal it says nothing. Log lines are written through it,
// so that they do not run into the line. Safe for concurrent use.
type Progress struct {
	mu    sync.Mutex
	w     io.Writer
	on    bool
	shown bool
	drawn time.Time
}

// NewProgress draws on w, if that is a terminal.
func NewProgress(w io.Writer) *Progress {
	f, isFile := w.(*os.File)
	on := isFile && isatty.IsTerminal(f.Fd()) && os.Getenv("TERM") != "dumb"
	return &Progress{w: w, on: on}
}

// Say shows what is being done and how much of it; units are in the text.
func (p *Progress) Say(text string) {
	if !p.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.drawn) >= progressEvery {
		p.drawn, p.shown = now, true
		p.redraw(clean(text))
	}
}

// Clear takes the line away; the next Say draws one again.
func (p *Progress) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

// Write puts text, a log line, where the progress line is.
func (p *Progress) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	return p.w.Write(text)
}

func (p *Progress) clear() {
	if p.shown {
		p.redraw("")
		p.shown = false
	}
}

// redraw replaces what stands in the last line of the terminal.
func (p *Progress) redraw(text string) {
	io.WriteString(p.w, "\r\x1b[K"+text) //nolint:errcheck // nothing depends on whether somebody sees it
}
