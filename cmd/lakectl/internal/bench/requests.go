package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/ingest"
)

// users draws so many of the archive at random.
func (b *bench) users(ctx context.Context, n int) (list []string, err error) {
	s, err := b.env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return nil, err
	}
	db, err := b.env.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Bind(ctx, "archive", s); err != nil {
		return nil, err
	}
	var one string
	err = db.Each(ctx, "bench/deletions_users", []any{n}, []any{&one}, func() error {
		list = append(list, one)
		return nil
	})
	return list, err
}

// request archives a request of each user, received at a time. A window without a start is all that was heard. No two
// sources have the same name.
func (b *bench) request(ctx context.Context, source string, users []string, received, from, to time.Time) error {
	type event struct {
		Type      string     `json:"type"`
		ID        string     `json:"request_id"`
		User      string     `json:"user_id"`
		Requested time.Time  `json:"requested_at"`
		Received  time.Time  `json:"received_time"`
		From      *time.Time `json:"from,omitempty"`
		To        *time.Time `json:"to,omitempty"`
	}
	var text strings.Builder
	lines := json.NewEncoder(&text)
	for i, user := range users {
		e := event{Type: "deletion", ID: fmt.Sprintf("%s-%d", source, i), User: user, Requested: received, Received: received}
		if !from.IsZero() {
			e.From, e.To = &from, &to
		}
		if err := lines.Encode(e); err != nil {
			return err
		}
	}
	_, err := ingest.Files(ctx, b.env, []string{"-"}, strings.NewReader(text.String()), ingest.Options{Source: source})
	return err
}
