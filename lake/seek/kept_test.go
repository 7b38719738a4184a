package seek_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/lakectl/lakectl/lake/seek"
)

// Whoever asked first may go away; the others asked too.
func TestOneThatGivesUpTakesNobodyElsesAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := seek.New(seek.Options{CacheBytes: 1 << 20})
		first, stop := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() {
			_, err := r.Keep("a", func() (any, int64, error) {
				<-first.Done()
				return nil, 0, first.Err()
			})
			gone <- err
		}()
		synctest.Wait()
		answers := make(chan any, 2)
		for range cap(answers) {
			go func() {
				value, err := r.Keep("a", func() (any, int64, error) { return 7, 1, nil })
				if err != nil {
					t.Error(err)
				}
				answers <- value
			}()
		}
		synctest.Wait()
		stop()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("the first got %v", err)
		}
		for range cap(answers) {
			if value := <-answers; value != 7 {
				t.Errorf("another got %v", value)
			}
		}
	})
}
