package erase

import (
	"context"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// wanted is the relation of that name: the windows of the standing requests by user id.
type wanted struct {
	plan *Plan
	// wiped holds, by subject, the requests whose user id is gone and whose user was not met yet.
	wiped map[string][]*request
}

func (p *Plan) fillWanted(ctx context.Context) (*wanted, error) {
	w := &wanted{plan: p, wiped: map[string][]*request{}}
	var rows [][]any
	for _, r := range p.requests {
		if r.userID == "" {
			w.wiped[r.subject] = append(w.wiped[r.subject], r)
			continue
		}
		rows = append(rows, wantedRow(r, r.userID))
	}
	return w, p.db.Fill(ctx, "wanted", rows)
}

func wantedRow(r *request, user string) []any {
	return []any{r.ord, user, r.window.From, r.window.To, r.window.UpToRequest, r.window.ReceivedTime, r.open(), r.sweeps()}
}

// scan binds files of a table as the view copies and adds the rows that requests cover to hits. concerns picks
// the requests that look at this table.
func (w *wanted) scan(ctx context.Context, t *target, files []lake.File, statement string, concerns func(*request) bool) error {
	t.FilesScanned = len(files)
	if len(files) == 0 {
		return nil
	}
	w.plan.env.Progress(fmt.Sprintf("deletions: reading %d files of %s", len(files), t.Name))
	if err := w.plan.db.BindFiles(ctx, "copies", t.base, files, t.searched()...); err != nil {
		return err
	}
	if err := w.resolve(ctx, concerns); err != nil {
		return fmt.Errorf("find users in %s: %w", t.Name, err)
	}
	if err := w.plan.db.Run(ctx, statement, t.Name); err != nil {
		return fmt.Errorf("find rows of %s: %w", t.Name, err)
	}
	return nil
}

// searched are the columns that tell whether a request covers a row, whose other copies it affects, and what it played.
func (t *target) searched() []string {
	columns := []string{"user_id", "event_time", "received_time"}
	switch t.Name {
	case catalog.Quarantine:
		return columns
	case catalog.Duplicates:
		return append(columns, "listen_id")
	}
	return append(columns, "listen_id", "artist_id", "track_id", "ms_played")
}

// unmet tells whether a request looks at a table whose user was not met yet.
func (w *wanted) unmet(concerns func(*request) bool) bool {
	for _, requests := range w.wiped {
		if slices.ContainsFunc(requests, concerns) {
			return true
		}
	}
	return false
}

// resolve looks for the users of wiped requests among those of the view copies: a subject is the keyed hash of
// one user id, so whoever has it is the one.
func (w *wanted) resolve(ctx context.Context, concerns func(*request) bool) error {
	if !w.unmet(concerns) {
		return nil
	}
	var user string
	var rows [][]any
	err := w.plan.db.Each(ctx, "erase/users", nil, []any{&user}, func() error {
		subject := w.plan.env.SubjectKey.Subject(user).String()
		for _, r := range w.wiped[subject] {
			rows = append(rows, wantedRow(r, user))
		}
		delete(w.wiped, subject)
		return nil
	})
	if err != nil {
		return err
	}
	return w.plan.db.Fill(ctx, "wanted", rows)
}
