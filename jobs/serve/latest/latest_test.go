package latest_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/latest"
)

func stays(*int, error) bool { return true }

// slow is a value that grows by one with each reading, which takes a while.
func slow(takes time.Duration, readings *atomic.Int64) func(context.Context, *int) (*int, error) {
	return func(_ context.Context, before *int) (*int, error) {
		readings.Add(1)
		<-time.After(takes)
		next := 1
		if before != nil {
			next = *before + 1
		}
		return &next, nil
	}
}

func get(t *testing.T, v *latest.Value[int]) (value int, took time.Duration) {
	t.Helper()
	began := time.Now()
	got, err := v.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return *got, time.Since(began)
}

func TestNobodyWaitsForAReadingWhileTheValueBeforeMayAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var readings atomic.Int64
		v := latest.New(time.Now, slow(4*time.Second, &readings), stays).Meanwhile(10 * time.Second)
		if value, took := get(t, v); value != 1 || took != 4*time.Second {
			t.Errorf("the first value is %d after %s", value, took)
		}
		var asking sync.WaitGroup
		for range 50 {
			asking.Go(func() {
				if value, took := get(t, v); value != 1 || took != 0 {
					t.Errorf("while the second is read: %d after %s", value, took)
				}
			})
		}
		asking.Wait()
		<-time.After(5 * time.Second)
		if value, took := get(t, v); value != 2 || took != 0 {
			t.Errorf("once it is read: %d after %s", value, took)
		}
		synctest.Wait()
		if n := readings.Load(); n != 3 {
			t.Errorf("%d readings: the first, the second, and one that has just begun are three", n)
		}
		<-time.After(time.Hour)
		if value, took := get(t, v); value != 4 || took != 4*time.Second {
			t.Errorf("after an hour: %d after %s", value, took)
		}
	})
}

func TestWhoAsksWaitsForAValueThatMayNotBeOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var readings atomic.Int64
		v := latest.New(time.Now, slow(500*time.Millisecond, &readings), stays)
		get(t, v)
		if value, took := get(t, v); value != 1 || took != 0 {
			t.Errorf("half a second later: %d after %s", value, took)
		}
		<-time.After(time.Second)
		if value, took := get(t, v); value != 2 || took != 500*time.Millisecond {
			t.Errorf("over a second later: %d after %s", value, took)
		}
	})
}

func TestAReadingThatFailsIsTriedAgainASecondLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		readings := 0
		v := latest.New(time.Now, func(_ context.Context, before *int) (*int, error) {
			if readings++; before != nil {
				<-time.After(30 * time.Second)
				return nil, errors.New("away")
			}
			return &readings, nil
		}, stays)
		get(t, v)
		<-time.After(time.Minute)
		for range 3 {
			get(t, v)
		}
		if readings != 2 {
			t.Errorf("%d readings, want one that failed and was not tried again at once", readings)
		}
	})
}
