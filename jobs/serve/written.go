package serve

import (
	"container/list"
	"net/http"
	"strings"
	"sync"

	"github.com/lakectl/lakectl/jobs/serve/access"
)

const (
	writtenBytes = 24 << 20 // of answers that are kept, with what it takes to keep them
	writtenEach  = 512      // bytes that keeping one takes besides its texts
)

// asked is what an answer is of: whoever asks the same of the same state gets the same bytes. Two who may see
// different things never share an answer, also where both may see this one.
type asked struct {
	who   access.Scope
	open  bool   // let in without a token
	state string // tag of the cut, and of the books where it depends on them
	path  string
	query string
	form  form
}

// form is how an answer is written.
type form uint8

const (
	asJSON form = iota
	asCSV       // where the answer is a list
	asFile      // the same, for somebody's browser that follows a link such as those of the page to export
)

func formOf(r *http.Request) form {
	switch accept := r.Header.Get("Accept"); {
	case strings.Contains(accept, "text/html"):
		return asFile
	case strings.Contains(accept, "text/csv"):
		return asCSV
	}
	return asJSON
}

func askedOf(r *http.Request, cutTag, booksTag string) asked {
	return asked{access.ScopeOf(r.Context()), access.Unguarded(r.Context()), cutTag + "\n" + booksTag, r.URL.EscapedPath(), r.URL.RawQuery, formOf(r)}
}

// text is a written answer.
type text struct {
	contentType, disposition, tag string
	body                          []byte
}

// send writes an answer, or tells a browser that it has it.
func (t *text) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Accept, Authorization, Cookie")
	h.Set("ETag", t.tag)
	if match := r.Header.Get("If-None-Match"); match != "" && (match == "*" || strings.Contains(match, t.tag)) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if t.disposition != "" {
		h.Set("Content-Disposition", t.disposition)
	}
	write(w, t.contentType, t.body)
}

// written are answers that were written, the ones that were asked for last. Several goroutines may use it.
type written struct {
	mu    sync.Mutex
	most  int
	bytes int
	order *list.List // of *kept, asked for last in front
	by    map[asked]*list.Element
}

type kept struct {
	asked
	*text
}

func (k *kept) bytes() int {
	return writtenEach + len(k.path) + len(k.query) + len(k.state) + len(k.who.ID) + len(k.body)
}

func newWritten(most int) *written {
	return &written{most: most, order: list.New(), by: map[asked]*list.Element{}}
}

func (w *written) get(of asked) *text {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.by[of]
	if e == nil {
		return nil
	}
	w.order.MoveToFront(e)
	return e.Value.(*kept).text
}

// put keeps an answer and lets go of others where it is too much. One that would push out most of the others is not
// kept.
func (w *written) put(of asked, t *text) {
	one := &kept{of, t}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by[of] != nil || one.bytes() > w.most/4 {
		return
	}
	w.by[of] = w.order.PushFront(one)
	w.bytes += one.bytes()
	for w.bytes > w.most {
		last := w.order.Back()
		w.order.Remove(last)
		gone := last.Value.(*kept)
		delete(w.by, gone.asked)
		w.bytes -= gone.bytes()
	}
}
