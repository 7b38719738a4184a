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
	now   func() time.Time
	read  func(ctx context.Context, before *T) (*T, error)
	stays func(before *T, err error) bool
	look  singleflight.Group

	mu     sync.Mutex
	newest *T
	looked time.Time
}

// New makes a Value. read is given the value before, nil for none, and returns it where nothing has moved. stays is
// told why a reading failed, and whether the value before, nil for none, is the answer then.
func New[T any](now func() time.Time, read func(ctx context.Context, before *T) (*T, error), stays func(before *T, err error) bool) *Value[T] {
	return &Value[T]{now: now, read: read, stays: stays}
}

// Get is the newest value. Its error is that of a reading that no value before stands in for.
func (v *Value[T]) Get(ctx context.Context) (*T, error) {
	v.mu.Lock()
	newest, fresh := v.newest, v.now().Sub(v.looked) < lookAfter
	v.mu.Unlock()
	if fresh && newest != nil {
		return newest, nil
	}
	got := v.look.DoChan("", func() (any, error) { return v.again(context.WithoutCancel(ctx), newest) })
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

func (v *Value[T]) again(ctx context.Context, before *T) (*T, error) {
	newest, err := v.read(ctx, before)
	if err != nil && v.stays(before, err) && before != nil {
		newest, err = before, nil
	}
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.newest, v.looked = newest, v.now()
	return newest, nil
}
