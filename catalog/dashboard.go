package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// Dashboard are the tables that the rollup writes, in the order in which a run commits them. The last one publishes:
// its newest snapshot names the snapshots of the others that belong to it, see [CutOf].
var Dashboard = []string{PlaysByHour, AudienceByDay, ListenersByDay, PlaysChanges, PlaysByDay}

// Compared are those of them that hold what counts, or will after a true-up. Each says what it includes.
var Compared = []string{PlaysByHour, AudienceByDay, ListenersByDay, PlaysByDay}

// What columns of several tables of the dashboard are.
const (
	aDay       = "UTC day in which playback began."
	somePlays  = "Plays of this row."
	heardInAll = "Milliseconds heard in these plays."
	fewSmall   = "The five smallest hashes of listeners, 8 bytes each, ascending; fewer are all of them."
)

// dashboard are the tables of the dashboard. Their files are sorted by artist first, so that one artist's rows lie
// together.
func dashboard() []lake.Spec {
	return []lake.Spec{
		table{
			name: PlaysByHour, partition: by("hour", iceberg.DayTransform{}), sort: []string{"artist_id", "track_id", "hour"},
			comment: "Dashboard: plays by hour of the newest days, minutes fresh, approximate until the true-up; a key may have several rows, so sum them.",
			columns: []column{
				may("hour", instant, "Start of the UTC hour in which playback began."),
				may("artist_id", text, anArtist),
				may("track_id", text, aTrack),
				may("country", text, aCountry),
				may("device", text, aDevice),
				may("plays", long, somePlays),
				may("ms_played", long, heardInAll),
				may("listeners", binary, fewSmall),
			},
		}.spec(),
		table{
			name: PlaysByDay, partition: by("day", iceberg.MonthTransform{}), sort: []string{"artist_id", "track_id", "day"},
			comment: "Dashboard: plays by day, minutes fresh and approximate until the true-up; a key may have several rows, so sum them.",
			columns: []column{
				may("day", date, aDay),
				may("artist_id", text, anArtist),
				may("track_id", text, aTrack),
				may("plays", long, somePlays),
				may("ms_played", long, heardInAll),
			},
		}.spec(),
		table{
			name: AudienceByDay, partition: by("day", iceberg.MonthTransform{}), sort: []string{"artist_id", "day", "country", "device"},
			comment: "Dashboard: plays of artists by day, country and device; a key may have several rows, so sum them.",
			columns: []column{
				may("day", date, aDay),
				may("artist_id", text, anArtist),
				may("country", text, aCountry),
				may("device", text, aDevice),
				may("plays", long, somePlays),
				may("ms_played", long, heardInAll),
				may("listeners", binary, fewSmall),
			},
		}.spec(),
		table{
			name: ListenersByDay, partition: by("day", iceberg.MonthTransform{}), sort: []string{"artist_id", "track_id", "day"},
			comment: "Dashboard: who listened by day, as sketches that can be united over days and tracks; a key may have several rows.",
			columns: []column{
				may("day", date, aDay),
				may("artist_id", text, anArtist),
				may("track_id", text, "Track that was played; empty for all tracks of the artist together."),
				may("listeners", binary, "The 65,536 smallest hashes of listeners, 8 bytes each, ascending; fewer are all of them."),
			},
		}.spec(),
		table{
			name: PlaysChanges, partition: by("day", iceberg.MonthTransform{}), sort: []string{"artist_id", "track_id", "day"},
			comment: "Dashboard: what changed in plays_by_day after the day had ended, and why; the rows of a key sum to its change.",
			columns: []column{
				may("day", date, aDay),
				may("artist_id", text, anArtist),
				may("track_id", text, aTrack),
				may("cause", text, "Why: late for listens that arrived late; erasures, where they are of at least five people, and duplicates; corrections for both together."),
				may("noticed_at", instant, "When the rollup noticed it; of several changes of one UTC day the last."),
				may("plays", long, "Plays that came, or went where negative."),
				may("ms_played", long, "Milliseconds heard in these plays."),
				may("archive_snapshot_id", long, anArchive),
			},
		}.spec(),
	}
}

// SketchSize is how many hashes a value of the column listeners of a table has at most.
func SketchSize(table string) int {
	if table == ListenersByDay {
		return 65_536
	}
	return 5
}

// Cut names, by table, the snapshots of the dashboard's other tables that belong to one of plays_by_day.
type Cut map[string]int64

// String is the form in which the state of plays_by_day has it.
func (c Cut) String() string {
	var list []string
	for _, table := range Dashboard {
		if id, ok := c[table]; ok {
			list = append(list, fmt.Sprintf("%s=%d", table, id))
		}
	}
	return strings.Join(list, ",")
}

// CutOf reads the cut that a snapshot of plays_by_day publishes; none before the first.
func CutOf(days lake.Snapshot) (Cut, error) {
	text, err := days.State(CutKey)
	if err != nil || text == "" {
		return nil, err
	}
	cut := Cut{}
	for entry := range strings.SplitSeq(text, ",") {
		table, number, _ := strings.Cut(entry, "=")
		id, err := strconv.ParseInt(number, 10, 64)
		if err != nil || !slices.Contains(Dashboard, table) {
			return nil, fmt.Errorf("state %s of %s snapshot %d: %q names no snapshot of a table", CutKey, PlaysByDay, days.ID(), entry)
		}
		cut[table] = id
	}
	return cut, nil
}

// DashboardFormOf is the form of the rows of a table of the dashboard, "" while nothing says it. A form that only a
// newer version of this program reads is [lake.ErrUnsupported].
func DashboardFormOf(s lake.Snapshot) (string, error) {
	form, err := s.State(FormKey)
	if err != nil {
		return "", err
	}
	if len(form) > len(DashboardForm) || len(form) == len(DashboardForm) && form > DashboardForm {
		return "", lake.WithHint(fmt.Errorf("table %s has form %.20q, and this version knows forms up to %s: %w", s.Table().Name(), form, DashboardForm, lake.ErrUnsupported),
			"a newer lakectl wrote it: update this one")
	}
	return form, nil
}
