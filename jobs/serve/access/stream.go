package access

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// streams are the requests whose answers go on for long.
type streams struct {
	mu   sync.Mutex
	open map[*stream]struct{}
}

type stream struct {
	pass *pass
	end  context.CancelFunc
}

// Stream readies an answer that goes on, such as events: it takes the server's time limits off, and its context ends
// when what the request was let in with is revoked or expires, which is seen within 5 seconds. The handler calls done
// at its end. Each write still needs a time limit, see [http.ResponseController].
func (g *Guard) Stream(w http.ResponseWriter, r *http.Request) (ctx context.Context, done func(), err error) {
	p, ok := r.Context().Value(scopeKey{}).(*pass)
	if !ok {
		return nil, nil, errNone
	}
	c := http.NewResponseController(w)
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		return nil, nil, err
	}
	if err := c.SetWriteDeadline(time.Time{}); err != nil {
		return nil, nil, err
	}
	ctx, end := context.WithCancel(r.Context())
	s := &stream{pass: p, end: end}
	g.streams.mu.Lock()
	if g.streams.open == nil {
		g.streams.open = map[*stream]struct{}{}
		go g.watch()
	}
	g.streams.open[s] = struct{}{}
	g.streams.mu.Unlock()
	return ctx, func() {
		end()
		g.streams.mu.Lock()
		delete(g.streams.open, s)
		g.streams.mu.Unlock()
	}, nil
}

// watch ends the streams of what was revoked, for as long as there are any.
func (g *Guard) watch() {
	look := time.NewTicker(fresh / 2)
	defer look.Stop()
	for range look.C {
		b, err := g.loader.book(context.Background())
		g.streams.mu.Lock()
		if len(g.streams.open) == 0 {
			g.streams.open = nil
			g.streams.mu.Unlock()
			return
		}
		for s := range g.streams.open {
			if err != nil || !g.still(s.pass, b) {
				s.end()
			}
		}
		g.streams.mu.Unlock()
	}
}
