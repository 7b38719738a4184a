package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// StagingPrefix starts the table properties that have the staging tables of a table on record. An id follows.
const StagingPrefix = "lakectl.staging."

// stagingFolder is the folder of staging tables in that of the table which they are for.
const stagingFolder = "staging"

// Staging is a table that another engine fills, so that [Lake.CommitStaged] can take its rows.
type Staging struct {
	Table string    // that the rows are for
	ID    string    // 32 hexadecimal digits
	At    time.Time // when it was put on record, by the clock of the store; zero where the record does not say
	Owner string    // who is at work on it

	lake *Lake
}

// record is what the property says for people and for whoever clears up.
type record struct {
	Table    string    `json:"staging"`
	Location string    `json:"location"` // below the folder of the table that the rows are for
	At       time.Time `json:"at"`
	Owner    string    `json:"owner"`
}

// Namespace is where the staging table lies in the catalog: beside the lake's, so that nobody takes it for one of its
// tables.
func (s Staging) Namespace() string { return s.lake.stagings().namespace }

// Name is that of the staging table in its namespace.
func (s Staging) Name() string { return s.Table + "_" + s.ID }

// Folder is where its files lie, below the folder of the table that the rows are for.
func (s Staging) Folder() string { return path.Join(stagingFolder, s.ID) }

func (s Staging) key() string { return StagingPrefix + s.ID }

// stagings are the staging tables of the lake, as a lake without tables of its own.
func (l *Lake) stagings() *Lake {
	other := *l
	other.namespace, other.known = l.namespace+"_staging", Known{}
	return &other
}

// Stagings are the staging tables that are on record for the table, the oldest first.
func (t *Table) Stagings() []Staging {
	var list []Staging
	for key, value := range t.ice.Properties() {
		id, is := strings.CutPrefix(key, StagingPrefix)
		if !is || !stagingID.MatchString(id) {
			continue
		}
		var r record
		json.Unmarshal([]byte(value), &r) //nolint:errcheck // then it is as old as can be
		list = append(list, Staging{Table: t.name, ID: id, At: r.At, Owner: r.Owner})
	}
	slices.SortFunc(list, func(a, b Staging) int {
		return strings.Compare(a.At.Format(time.RFC3339)+a.ID, b.At.Format(time.RFC3339)+b.ID)
	})
	return list
}

var stagingID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// stagingOf is the id of the staging table that a file below a table's folder is of.
func stagingOf(file string) (id string, is bool) {
	rest, below := strings.CutPrefix(file, stagingFolder+"/")
	id, _, below2 := strings.Cut(rest, "/")
	return id, below && below2 && stagingID.MatchString(id)
}

// Recorded is an error unless the staging table is on record: nobody may write to one that is not.
func (s Staging) Recorded(ctx context.Context) error {
	if s.lake == nil {
		return errors.New("it is no staging table of a lake")
	}
	t, err := s.lake.load(ctx, s.Table)
	if err != nil {
		return err
	}
	return s.recordedIn(t)
}

func (s Staging) recordedIn(t *Table) error {
	if t.Property(s.key()) == "" {
		return WithHint(fmt.Errorf("staging table %s is not on record: %w", s.Name(), ErrFenced), "it took longer than orphans.grace, and was cleared away; run the command again")
	}
	return nil
}

// recordStaging puts a staging table on record that nobody has made yet.
func (l *Lake) recordStaging(ctx context.Context, t *Table, job string) (Staging, error) {
	at, err := t.storeNow(ctx)
	if err != nil {
		return Staging{}, err
	}
	host, err := os.Hostname()
	if err != nil {
		return Staging{}, fmt.Errorf("name of this machine: %w", err)
	}
	s := Staging{
		Table: t.name, ID: strings.ReplaceAll(uuid.NewString(), "-", ""), At: at.Truncate(time.Second),
		Owner: fmt.Sprintf("%s, process %d on %s", job, os.Getpid(), host), lake: l,
	}
	text, err := json.Marshal(record{s.Namespace() + "." + s.Name(), s.Folder(), s.At, s.Owner})
	if err != nil {
		return Staging{}, err
	}
	_, err = l.SetProperty(ctx, t.name, s.key(), string(text))
	return s, wrap(err, "put a staging table of "+t.name+" on record")
}
