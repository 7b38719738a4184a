package lake_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	icecatalog "github.com/apache/iceberg-go/catalog"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// served is a catalog that holds no requirement that the REST protocol has not, as a server in another process. before
// is called when the table was checked and the commit of an expiry is on its way, after when it landed.
type served struct {
	icecatalog.Catalog
	before func()
	after  func() error
}

func (s *served) CommitTable(ctx context.Context, id icetable.Identifier, requirements []icetable.Requirement, updates []icetable.Update) (icetable.Metadata, string, error) {
	if len(updates) == 0 || updates[0].Action() != icetable.UpdateRemoveSnapshots {
		return s.Catalog.CommitTable(ctx, id, requirements, updates)
	}
	var wire []icetable.Requirement
	for _, r := range requirements {
		if !strings.HasPrefix(r.GetType(), "lakectl-") {
			wire = append(wire, r)
		}
	}
	s.before()
	meta, location, err := s.Catalog.CommitTable(ctx, id, wire, updates)
	if err == nil && s.after != nil {
		err = s.after()
	}
	return meta, location, err
}

func TestExpiryDeletesNoFileOfASnapshotThatIsTaggedBehindItsBack(t *testing.T) {
	for name, answer := range map[string]func() error{
		"answered":    nil,
		"answer lost": func() error { return laketest.ErrInjected },
	} {
		t.Run(name, func(t *testing.T) {
			l := laketest.New(t)
			list := history(t, l, 5)
			before, _ := onDisk(t, l)
			s := &served{Catalog: l.Catalog.Ice, after: answer, before: func() {
				if err := l.Tag(t.Context(), "audit", list[1], 0); err != nil {
					t.Error(err)
				}
			}}
			blind := lake.New(s, l.Namespace(), l.Catalog.Known(), slog.New(slog.DiscardHandler))
			done, err := blind.Expire(t.Context(), catalog.PlaysByHour, without(list[0], list[4]))
			if err == nil || done.Files != 0 || !strings.Contains(err.Error(), fmt.Sprintf("tag audit of plays_by_hour was made while its snapshot %d", list[1].ID())) {
				t.Fatalf("%+v, %v", done, err)
			}
			if hint := lake.Hint(err); !strings.Contains(hint, ".metadata.json") {
				t.Errorf("hint %q", hint)
			}
			after, _ := onDisk(t, l)
			expect(t, after, before)
		})
	}
}

// A tag that was not on what expires is neither lost nor in the way.
func TestExpiryGoesOnWhenAnotherSnapshotIsTaggedBehindItsBack(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 5)
	s := &served{Catalog: l.Catalog.Ice, before: func() {
		if err := l.Tag(t.Context(), "audit", list[0], 0); err != nil {
			t.Error(err)
		}
	}}
	blind := lake.New(s, l.Namespace(), l.Catalog.Known(), slog.New(slog.DiscardHandler))
	done, err := blind.Expire(t.Context(), catalog.PlaysByHour, without(list[0], list[4]))
	if err != nil || done.Snapshots != 3 || done.Files == 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	after, _ := onDisk(t, l)
	expect(t, after, referred(t, l))
}

// Whoever empties the list of older metadata files meanwhile takes away what tells of such a tag.
func TestExpiryDeletesNothingWhenNobodyCanTellOfATag(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 5)
	before, _ := onDisk(t, l)
	s := &served{Catalog: l.Catalog.Ice, before: func() {}, after: func() error {
		for i := range 25 {
			if err := l.Tag(t.Context(), fmt.Sprint("tag", i), list[4], 0); err != nil {
				return err
			}
		}
		return laketest.ErrInjected
	}}
	blind := lake.New(s, l.Namespace(), l.Catalog.Known(), slog.New(slog.DiscardHandler))
	done, err := blind.Expire(t.Context(), catalog.PlaysByHour, without(list[4]))
	if err == nil || done.Files != 0 || !strings.Contains(err.Error(), "nobody can tell") || lake.Hint(err) == "" {
		t.Fatalf("%+v, %v", done, err)
	}
	after, _ := onDisk(t, l)
	expect(t, after, before)
}

// stopped is a catalog that commits no expiry, but first publishes what another engine staged. refused is what is held
// against that before a server is asked.
type stopped struct {
	icecatalog.Catalog
	publish func()
	refused error
}

func (s *stopped) CommitTable(ctx context.Context, id icetable.Identifier, requirements []icetable.Requirement, _ []icetable.Update) (icetable.Metadata, string, error) {
	s.publish()
	now, err := s.LoadTable(ctx, id)
	if err != nil {
		return nil, "", err
	}
	for _, r := range requirements {
		s.refused = errors.Join(s.refused, lake.CheckBefore(r, now.Metadata()))
	}
	return nil, "", lake.ErrUnsupported
}

func TestASnapshotThatIsPublishedDuringAnExpiryStays(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 3)
	hand := l.Hand(t, catalog.PlaysByHour)
	hand.MoveTo(list[1]) // list[2] is staged
	for name, to := range map[string]lake.Snapshot{"nothing": list[1], "what was staged": list[2]} {
		s := &stopped{Catalog: l.Catalog.Ice, publish: func() { hand.MoveTo(to) }}
		blind := lake.New(s, l.Namespace(), l.Catalog.Known(), slog.New(slog.DiscardHandler))
		if _, err := blind.Expire(t.Context(), catalog.PlaysByHour, without(list[1])); err == nil {
			t.Error("an expiry landed that was stopped")
		}
		if refused := s.refused != nil; refused != (to.ID() == list[2].ID()) {
			t.Errorf("%s was published: %v", name, s.refused)
		}
		hand.MoveTo(list[1])
	}
}
