package topic

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// joinAs joins the group g as a member of a lake.
func joinAs(t *testing.T, o Options, lake string) *Member {
	t.Helper()
	m, err := open(t, o).Join(GroupOptions{Group: "g", Lake: lake, SessionTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Leave)
	return m
}

// works keeps taking shares, as ingest does, and says after each how many partitions there were, or the error.
func works(ctx context.Context, m *Member) <-chan any {
	said := make(chan any, 100)
	go func() {
		for {
			a, err := m.Next(ctx)
			if err != nil {
				said <- err
				return
			}
			said <- len(a.Partitions())
			a.Run(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil }) //nolint:errcheck // nil
		}
	}()
	return said
}

func TestALakeIsRefusedInTheGroupOfAnother(t *testing.T) {
	c := embedded(t, kfake.GroupMinSessionTimeout(100*time.Millisecond))
	o := Options{Brokers: c.ListenAddrs(), Topic: "lakes", MaxWait: time.Millisecond}
	if err := Create(t.Context(), o, 4); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	first := works(ctx, joinAs(t, o, "lake-a"))
	if n := <-first; n != 4 {
		t.Fatalf("the first member has %v partitions, want 4", n)
	}
	stranger := joinAs(t, o, "lake-b")
	_, err := stranger.Next(ctx)
	var refused *OtherLakeError
	if !errors.As(err, &refused) || refused.Lake != "lake-b" || refused.Other != "lake-a" || refused.Hint() == "" {
		t.Fatalf("the other lake's member: %v, want a refusal", err)
	}
	stranger.Leave()

	// Of its own lake, and of an earlier version, which names none: both get their share.
	for _, lake := range []string{"lake-a", ""} {
		m := joinAs(t, o, lake)
		a, err := m.Next(ctx)
		if err != nil || len(a.Partitions()) != 2 {
			t.Errorf("a member of lake %q: %v", lake, err)
		}
		m.Leave()
	}
	cancel()
	for n := range first {
		if err, failed := n.(error); failed {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the lake that was there first was thrown out: %v", err)
			}
			return
		}
	}
}

// A member of an earlier version knows nothing of lakes: where it leads, it gives every member a share.
func TestUnderALeaderThatKnowsNoLakesTheLaterLakeEnds(t *testing.T) {
	c := embedded(t, kfake.GroupMinSessionTimeout(100*time.Millisecond))
	o := Options{Brokers: c.ListenAddrs(), Topic: "lakes", MaxWait: time.Millisecond}
	if err := Create(t.Context(), o, 6); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	await := func(who string, said <-chan any, want int) {
		t.Helper()
		for n := range said {
			if err, failed := n.(error); failed {
				t.Fatalf("%s: %v", who, err)
			}
			if n == want {
				return
			}
		}
	}
	leader := works(ctx, joinAs(t, o, ""))
	await("the leader", leader, 6)
	first := works(ctx, joinAs(t, o, "lake-a"))
	await("lake a", first, 3)
	for range 2 {
		stranger := joinAs(t, o, "lake-b")
		_, err := stranger.Next(ctx)
		var refused *OtherLakeError
		if !errors.As(err, &refused) || refused.Other != "lake-a" {
			t.Fatalf("the other lake's member: %v, want a refusal", err)
		}
		stranger.Leave()
		await("lake a", first, 3)
		await("the leader", leader, 3)
	}
}
