package restcatalog

import (
	"context"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	keptBytes = 64 << 20 // of answers that are kept
	mostKept  = 10_000   // answers; the bytes bound them before
)

// documents are answers by their tag, the ones that were asked for last. One is made at a time, so that the memory for
// it is needed once. Several goroutines may use it.
type documents struct {
	making chan struct{} // room for one

	mu          sync.Mutex
	known       *simplelru.LRU[string, []byte]
	bytes, most int
}

func newDocuments(most int) *documents {
	d := &documents{making: make(chan struct{}, 1), most: most}
	known, err := simplelru.NewLRU(mostKept, func(_ string, body []byte) { d.bytes -= len(body) })
	if err != nil {
		panic(err) // the size is a constant
	}
	d.known = known
	return d
}

// get is the answer of a tag; make makes it where it is not kept.
func (d *documents) get(ctx context.Context, tag string, make func(context.Context) ([]byte, error)) ([]byte, error) {
	if body, ok := d.kept(tag); ok {
		return body, nil
	}
	select {
	case d.making <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-d.making }()
	if body, ok := d.kept(tag); ok { // others asked for the same
		return body, nil
	}
	body, err := make(ctx)
	if err == nil {
		d.keep(tag, body)
	}
	return body, err
}

func (d *documents) kept(tag string) ([]byte, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known.Get(tag)
}

// keep keeps an answer and lets go of others where it is too much. One that would push out most of the others is not
// kept.
func (d *documents) keep(tag string, body []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(body) > d.most/4 {
		return
	}
	d.known.Add(tag, body)
	for d.bytes += len(body); d.bytes > d.most; {
		d.known.RemoveOldest()
	}
}
