package erase

import (
	"context"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// request is one row of deletion_requests.
type request struct {
	Position
	id      string
	userID  string // "" once it was wiped: then subject finds the user
	subject string
	window  listen.Window
	// sequence of the snapshot of deletion_requests that holds the row. A rewrite of that table can only
	// raise it, and a later request only distrusts more files.
	sequence int64
	state    State
	ord      int64 // place in the order of positions
	held     bool  // an operator holds it
	anew     bool  // it was held after its rows went: those that came meanwhile are still there
	suspect  bool  // carried through before, but files arrived that were not filtered against it
}

// open says that the request has rows to find in all of the archive.
func (r *request) open() bool { return r.state == Requested || r.state == Located || r.anew }

// withheld says why nothing is done for the request at a time; "" where it is carried out. What was begun before a
// delay was configured goes on.
func (r *request) withheld(e jobs.Erasure, now time.Time) string {
	switch {
	case r.state == Withdrawn:
		return "withdrawn"
	case r.held:
		return "held"
	case r.state == Requested && now.Before(r.due(e)):
		return "delayed"
	}
	return ""
}

// due is when the delay of the request is over.
func (r *request) due(e jobs.Erasure) time.Time { return instant(r.window.ReceivedTime).Add(e.Delay) }

// sweeps says that the request looks for rows in the archive at all.
func (r *request) sweeps() bool { return r.open() || r.suspect }

// readRequests lists the standing requests in order of position. The views requests, log and decided are there.
// All of them are held in memory, like ingest holds them to keep late copies out.
func readRequests(ctx context.Context, db *jobs.Session, snapshot lake.Snapshot) ([]*request, error) {
	files, err := snapshot.Files(ctx)
	if err != nil {
		return nil, err
	}
	sequences := make(map[string]int64, len(files))
	for _, f := range files {
		path, err := lake.LocalPath(f.FilePath())
		if err != nil {
			return nil, err
		}
		sequences[path] = f.Sequence
	}
	type record struct {
		Position
		RequestID string `col:"request_id"`
		UserID    string `col:"user_id"`
		Subject   string `col:"subject"`
		Received  int64  `col:"received_us"`
		From      *int64 `col:"from_us"`
		To        *int64 `col:"to_us"`
		File      string `col:"_file"`
		State     State  `col:"state"`
		Held      bool   `col:"held"`
		Anew      bool   `col:"anew"`
	}
	var all []*request
	err = jobs.EachRecord(ctx, db, "erase/requests", nil, func(r record) error {
		all = append(all, &request{
			Position: r.Position, id: r.RequestID, userID: r.UserID, subject: r.Subject, sequence: sequences[r.File], state: r.State, held: r.Held, anew: r.Anew, ord: int64(len(all)),
			window: listen.Deletion{ReceivedTime: r.Received, From: r.From, To: r.To}.Window(),
		})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read deletion requests: %w", err)
	}
	return all, nil
}
