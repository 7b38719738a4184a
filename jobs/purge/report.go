package purge

import (
	"time"
)

// Report says what a run did, and what keeps the requests from being purged.
type Report struct {
	Requests  int           `json:"requests"` // purged by this run
	Due       int           `json:"due"`      // requests that this run was to purge
	Later     int           `json:"later"`    // requests that are not due yet
	Tables    []TableReport `json:"tables"`
	Blocked   []Blocked     `json:"blocked,omitempty"`
	Waiting   []Blocked     `json:"waiting,omitempty"` // consumers that have not read what was deleted
	Residuals []Residual    `json:"residuals,omitempty"`
}

// TableReport is one table.
type TableReport struct {
	Table        string `json:"table"`
	Files        int    `json:"files_rewritten"`
	Rows         int64  `json:"rows_dropped"`
	BytesRead    int64  `json:"bytes_read"`
	BytesWritten int64  `json:"bytes_written"`
	Snapshots    int    `json:"snapshots_expired"`
	Objects      int    `json:"objects_removed"`
	BytesRemoved int64  `json:"bytes_removed"`
}

// Blocked is who still reaches the old files, or has not read what was deleted from them.
type Blocked struct {
	Table      string `json:"table,omitempty"`
	By         string `json:"by"`
	SnapshotID int64  `json:"snapshot_id,omitempty,string"`
	Hint       string `json:"hint"`
	// Requests are those that are kept by a hold, or by a file that cannot be written anew; none: all that are due.
	Requests []string `json:"requests,omitempty"`
	Places   []string `json:"-"` // of the same, as topic/partition/offset
}

// Residual is what may hold erased rows until a time.
type Residual struct {
	Table string    `json:"table"`
	What  string    `json:"what"`
	Files int       `json:"files"`
	Bytes int64     `json:"bytes"`
	Until time.Time `json:"until"`
}

// Add takes up what a later run did; what keeps requests is what that one found.
func (r *Report) Add(later Report) {
	r.Requests += later.Requests
	r.Due, r.Later, r.Blocked, r.Waiting, r.Residuals = max(r.Due, later.Due), later.Later, later.Blocked, later.Waiting, later.Residuals
	for _, t := range later.Tables {
		into := r.table(t.Table)
		into.Files, into.Rows, into.BytesRead, into.BytesWritten = into.Files+t.Files, into.Rows+t.Rows, into.BytesRead+t.BytesRead, into.BytesWritten+t.BytesWritten
		into.Snapshots, into.Objects, into.BytesRemoved = into.Snapshots+t.Snapshots, into.Objects+t.Objects, into.BytesRemoved+t.BytesRemoved
	}
}

// Left says what keeps requests from being purged, the first of it.
func (r *Report) Left() (why Blocked, left bool) {
	for _, list := range [][]Blocked{r.Waiting, r.Blocked} {
		if len(list) > 0 {
			return list[0], true
		}
	}
	if len(r.Residuals) > 0 {
		return Blocked{Table: r.Residuals[0].Table, By: r.Residuals[0].What, Hint: "run 'lakectl job deletions' again then"}, true
	}
	return why, false
}

// table is the line of a table in the report.
func (r *Report) table(name string) *TableReport {
	for i := range r.Tables {
		if r.Tables[i].Table == name {
			return &r.Tables[i]
		}
	}
	r.Tables = append(r.Tables, TableReport{Table: name})
	return &r.Tables[len(r.Tables)-1]
}

func (r *Report) wrote() bool {
	for _, t := range r.Tables {
		if t.Files+t.Snapshots+t.Objects > 0 {
			return true
		}
	}
	return false
}
