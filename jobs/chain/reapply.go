package chain

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase/roll"
)

// Reapplied is what [Reapply] did.
type Reapplied struct {
	roll.Added
	Carried Deletions `json:"carried_out"`
}

// Reapply brings the requests of a list into a lake that was restored from a backup, and carries all requests out.
func Reapply(ctx context.Context, env jobs.Env, l roll.List, o DeletionsOptions) (done Reapplied, err error) {
	if done.Added, err = roll.Add(ctx, env, l); err != nil {
		return done, err
	}
	env.Erasure.Delay = l.Delay(env.Erasure.Delay, env.Now())
	if done.Carried, err = CarryOut(ctx, env, o); err != nil {
		return done, fmt.Errorf("%d requests are added: %w", done.Requests, err)
	}
	settled, err := roll.Settle(ctx, env, l)
	done.Added = done.Plus(settled)
	return done, err
}
