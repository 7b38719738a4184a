package books

import (
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

// kept are the values that were used last, each made once however many ask.
type kept[V any] struct {
	flight singleflight.Group
	values *lru.Cache[string, V]
}

func newKept[V any](most int) *kept[V] {
	values, err := lru.New[string, V](most)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &kept[V]{values: values}
}

// of gives what is kept under a name, or makes it.
func (k *kept[V]) of(name string, make func() (V, error)) (V, error) {
	if v, ok := k.values.Get(name); ok {
		return v, nil
	}
	made, err, _ := k.flight.Do(name, func() (any, error) {
		if v, ok := k.values.Get(name); ok {
			return v, nil
		}
		v, err := make()
		if err == nil {
			k.values.Add(name, v)
		}
		return v, err
	})
	return made.(V), err
}
