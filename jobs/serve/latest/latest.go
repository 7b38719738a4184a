package latest

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// lookAfter is how old a reading may be. A listen takes some 10 s to an answer ('lakectl bench freshness') and spends
// half of this here, so asking the catalog more often would not show.
const lookAfter = time.Second

// Value is something that is read again and again. Several goroutines may use it.
type Value[T any] struct {
	now       func() time.Time
	read      func(ctx context.Context, before *T) (*T, error)
	stays     func(before *T, err error) bool
	meanwhile time.Duration
	look      singleflight.Group

	mu     sync.Mutex
	newest *T
	looked time.Time // when newest was the newest
}

// New makes a Value. read is given the value before, nil for none, and returns it where nothing has moved. stays is
// told why a reading failed, and whether the value before, nil for none, is the answer then.
func New[T any](now func() time.Time, read func(ctx context.Context, before *T) (*T, error), stays func(before *T, err error) bool) *Value[T] {
	return &Value[T]{now: now, read: read, stays: stays}
}

// Meanwhile lets the value before answer while a newer one is read, for as long as it was the newest less than age ago.
func (v *Value[T]) Meanwhile(age time.Duration) *Value[T] {
	v.meanwhile = age
	return v
}

// Get is the newest value. Its error is that of a reading that no value before stands in for.
func (v *Value[T]) Get(ctx context.Context) (*T, error) {
	v.mu.Lock()
	newest, age := v.newest, v.now().Sub(v.looked)
	v.mu.Unlock()
	if newest != nil && age < lookAfter {
		return newest, nil
	}
	got := v.look.DoChan("", func() (any, error) { return v.again(context.WithoutCancel(ctx)) })
	if newest != nil && age < v.meanwhile {
		return newest, nil
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case res := <-got:
		if res.Err != nil {
			return nil, res.Err
		}
		return res.Val.(*T), nil
	}
}

func (v *Value[T]) again(ctx context.Context) (*T, error) {
	v.mu.Lock()
	before, looked := v.newest, v.now()
	v.mu.Unlock()
	newest, err := v.read(ctx, before)
	if err != nil && v.stays(before, err) && before != nil {
		// Else each request would wait for a catalog that does not answer.
		newest, looked, err = before, v.now(), nil
	}
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.newest, v.looked = newest, looked
	return newest, nil
}
