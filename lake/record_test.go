package lake_test

import (
	"errors"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

type place struct {
	Country string `col:"country"`
	Device  string `col:"device,null"`
}

type hourly struct {
	place
	Plays    int64     `col:"plays"`
	Milli    *int64    `col:"ms_played"`
	Hour     time.Time `col:"hour"`
	TrackID  string    `col:"track_id"`
	ArtistID string    `col:"artist_id"`
	note     string
}

// The struct's fields are in another order than the table's columns, and another engine changes that order too.
func TestRecordsGoToTheColumnsThatTheyName(t *testing.T) {
	l := laketest.New(t)
	l.Alter(t, catalog.PlaysByHour, func(tx *icetable.Transaction) error {
		u := tx.UpdateSchema(true, false)
		u.RenameColumn([]string{"plays"}, "heard").MoveFirst([]string{"ms_played"})
		return u.Commit()
	})
	table := l.Snapshot(t, catalog.PlaysByHour).Table()
	at, n := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), int64(7)
	rows, err := lake.RowsOf(table,
		hourly{place: place{"DE", "phone"}, Plays: 1, Milli: &n, Hour: at, TrackID: "t", ArtistID: "a", note: "no column"},
		hourly{place: place{"SE", ""}, Plays: 2, Hour: at, TrackID: "u", ArtistID: "b"})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, rows, [][]any{{at, "a", "t", "DE", "phone", int64(1), int64(7), nil}, {at, "b", "u", "SE", nil, int64(2), nil, nil}})
	if _, err := table.WriteRows(t.Context(), "test", rows); err != nil {
		t.Fatal(err)
	}
}

func TestARecordOfALaterVersionIsRefusedWithTheWayOn(t *testing.T) {
	table := laketest.New(t).Snapshot(t, catalog.PlaysByHour).Table()
	type needed struct {
		Plays int64 `col:"plays"`
		Skips int64 `col:"skips"`
	}
	if _, err := lake.RowsOf(table, needed{1, 2}); !errors.Is(err, lake.ErrUnsupported) || lake.Hint(err) == "" {
		t.Errorf("got %v, hint %q", err, lake.Hint(err))
	}
	type able struct {
		Plays int64 `col:"plays"`
		Skips int64 `col:"skips,later"`
	}
	rows, err := lake.RowsOf(table, able{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, rows, [][]any{{nil, nil, nil, nil, nil, int64(1), nil, nil}})
}
