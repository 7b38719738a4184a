package erase

import (
	"context"
	"fmt"
)

// What deletion_log says of the plays that go. Of fewer people it says nothing: the dashboard shows it.
const (
	leastPeople = 5
	mostErased  = 20_000 // entries; those of most people are kept
)

// addPlays finds the plays of many people that go. Where an earlier run ended early some of them may be gone already,
// and nobody could tell which: then it finds none.
func (p *Plan) addPlays(ctx context.Context, worked map[int64]*PlannedRequest) error {
	for _, q := range worked {
		if q.located {
			return nil
		}
	}
	if err := p.db.One(ctx, "erase/plays", []any{leastPeople, mostErased}, []any{&p.erased}); err != nil {
		return fmt.Errorf("find the plays that go: %w", err)
	}
	return nil
}
