package topic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// getsAShare joins a group and waits for all of the partitions.
func getsAShare(t *testing.T, tp *Topic, partitions ...int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	m, err := tp.Join(GroupOptions{Group: fmt.Sprintf("group-%d", time.Now().UnixNano()), SessionTimeout: 6 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Leave()
	a, err := m.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got := a.Partitions()
	if slices.Sort(got); !slices.Equal(got, partitions) {
		t.Errorf("got partitions %v, want %v", got, partitions)
	}
	err = a.Run(ctx, func(ctx context.Context) error {
		return errors.Join(ctx.Err(), a.Tell(ctx, map[int]int64{0: 1}))
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWorkEndsWhenTheGroupIsSpreadAnew(t *testing.T) {
	c := embedded(t, kfake.GroupMinSessionTimeout(100*time.Millisecond))
	o := Options{Brokers: c.ListenAddrs(), Topic: "shared", MaxWait: time.Millisecond}
	if err := Create(t.Context(), o, 2); err != nil {
		t.Fatal(err)
	}
	join := func() *Member {
		m, err := open(t, o).Join(GroupOptions{Group: "g", SessionTimeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	first := join()
	defer first.Leave()
	a, err := first.Next(t.Context())
	if err != nil || len(a.Partitions()) != 2 {
		t.Fatalf("%v, %v", a.Partitions(), err)
	}
	begun := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- a.Run(t.Context(), func(ctx context.Context) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	<-begun
	second := join()
	defer second.Leave()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("work ended with %v", err)
	}
	shares := make(chan []int, 2)
	for _, m := range []*Member{first, second} {
		go func() {
			a, err := m.Next(t.Context())
			if err != nil {
				t.Error(err)
				shares <- nil
				return
			}
			shares <- a.Partitions()
		}()
	}
	all := append(<-shares, <-shares...)
	if slices.Sort(all); !slices.Equal(all, []int{0, 1}) {
		t.Errorf("the shares together are %v", all)
	}
}

func TestAMemberThatIsNoLongerOneTellsNothing(t *testing.T) {
	c := embedded(t)
	o := Options{Brokers: c.ListenAddrs(), Topic: "left", MaxWait: time.Millisecond}
	if err := Create(t.Context(), o, 1); err != nil {
		t.Fatal(err)
	}
	m, err := open(t, o).Join(GroupOptions{Group: "g"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := m.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.Leave()
	if err := a.Tell(t.Context(), map[int]int64{0: 7}); err == nil {
		t.Error("the group believed it")
	}
}
