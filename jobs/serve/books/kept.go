package books

import (
	"slices"
	"sync"

	"golang.org/x/sync/singleflight"
)

// kept are the values that were used last, each made once however many ask.
type kept[V any] struct {
	flight singleflight.Group
	most   int

	mu     sync.Mutex
	order  []string // used last at the end
	values map[string]V
}

func newKept[V any](most int) *kept[V] { return &kept[V]{most: most, values: map[string]V{}} }

func (k *kept[V]) get(name string) (V, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.values[name]
	if ok {
		at := slices.Index(k.order, name)
		k.order = append(slices.Delete(k.order, at, at+1), name)
	}
	return v, ok
}

// of gives what is kept under a name, or makes it.
func (k *kept[V]) of(name string, make func() (V, error)) (V, error) {
	if v, ok := k.get(name); ok {
		return v, nil
	}
	made, err, _ := k.flight.Do(name, func() (any, error) {
		if v, ok := k.get(name); ok {
			return v, nil
		}
		v, err := make()
		if err == nil {
			k.put(name, v)
		}
		return v, err
	})
	return made.(V), err
}

func (k *kept[V]) put(name string, v V) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.values[name] = v
	k.order = append(k.order, name)
	if len(k.order) > k.most {
		delete(k.values, k.order[0])
		k.order = k.order[1:]
	}
}
