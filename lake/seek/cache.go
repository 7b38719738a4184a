package seek

import (
	"container/list"
	"sync"
)

// cache keeps what was used last, up to a number of bytes.
type cache struct {
	mu    sync.Mutex
	most  int64
	bytes int64
	order *list.List // of *entry, used last in front
	byKey map[string]*list.Element
}

type entry struct {
	key   string
	value any
	bytes int64
}

func newCache(most int64) *cache {
	return &cache{most: most, order: list.New(), byKey: map[string]*list.Element{}}
}

func (c *cache) get(key string) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*entry).value, true
}

// put keeps a value and lets go of others where it is too much. What is let go is not closed: who has it goes on with
// it.
func (c *cache) put(key string, value any, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[key]; ok {
		return
	}
	c.byKey[key] = c.order.PushFront(&entry{key, value, bytes})
	c.bytes += bytes
	for c.bytes > c.most && c.order.Len() > 1 {
		last := c.order.Back()
		e := last.Value.(*entry)
		c.order.Remove(last)
		delete(c.byKey, e.key)
		c.bytes -= e.bytes
	}
}
