package recent

import (
	"context"
	"encoding/binary"
	"time"
)

const (
	fanIn    = 4       // segments of one tier that become one
	tierIDs  = 1 << 12 // of the smallest tier
	eraHours = 6       // segments of different eras stay apart, so that the older can go as a whole
	era      = eraHours * time.Hour
	// tooMany is the part of all ids that one segment may have at most.
	tooMany = 8
)

// tier is the power of fanIn that a number of ids belongs to.
func tier(ids int64) (t int) {
	for ids /= tierIDs; ids >= fanIn; ids /= fanIn {
		t++
	}
	return t
}

func (s *segment) eraOf() int64 { return s.Until.Unix() / int64(era/time.Second) }

// crowd finds neighbours that are to become one segment: all of an era that is over, and fanIn of one tier in the era
// that is not. None of more than most ids comes of it.
func crowd(list []*segment, most int64) (first, end int) {
	for end = len(list); end > 0; end = first {
		ids, biggest := list[end-1].IDs, tier(list[end-1].IDs)
		first = end - 1
		over := list[first].eraOf() != list[len(list)-1].eraOf()
		for first > 0 {
			next := list[first-1]
			if next.eraOf() != list[end-1].eraOf() || ids+next.IDs > most || (!over && tier(next.IDs) > biggest) {
				break
			}
			ids += next.IDs
			first--
		}
		if n := end - first; n >= fanIn || (over && n > 1) {
			return first, end
		}
	}
	return 0, 0
}

// merged merges what is crowded, until nothing is. It returns the new list and the segments that are not in it any
// more.
func merged(ctx context.Context, dir string, list []*segment, most int64) (now, replaced []*segment, err error) {
	now = append(now, list...)
	for {
		first, end := crowd(now, most)
		if first == end {
			return now, replaced, nil
		}
		one, err := merge(ctx, dir, now[first:end])
		if err != nil {
			return now, replaced, err
		}
		replaced = append(replaced, now[first:end]...)
		now = append(append(append([]*segment{}, now[:first]...), one), now[end:]...)
	}
}

// merge writes segments as one. Of an id that several have, the oldest copy stays.
func merge(ctx context.Context, dir string, list []*segment) (*segment, error) {
	var ids int64
	from, until := list[0].From, list[0].Until
	cursors := make([]*cursor, 0, len(list))
	for _, s := range list {
		ids += s.IDs
		if s.From.Before(from) {
			from = s.From
		}
		if s.Until.After(until) {
			until = s.Until
		}
		c := newCursor(s)
		more, err := c.next()
		if err != nil {
			return nil, err
		}
		if more {
			cursors = append(cursors, c)
		}
	}
	w, err := newSegmentWriter(dir, ids)
	if err != nil {
		return nil, err
	}
	if err := mergeInto(ctx, w, cursors); err != nil {
		return nil, w.abort(err)
	}
	return w.finish(from, until)
}

func mergeInto(ctx context.Context, w *segmentWriter, cursors []*cursor) error {
	var last entry
	for n := 0; len(cursors) > 0; n++ {
		if n%(1<<16) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		least := 0
		for i, c := range cursors[1:] {
			if a, b := &c.at, &cursors[least].at; a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo) {
				least = i + 1
			}
		}
		c := cursors[least]
		if n == 0 || !c.at.same(last) {
			last = c.at
			if err := w.add(last); err != nil {
				return err
			}
		}
		more, err := c.next()
		if err != nil {
			return err
		}
		if !more {
			cursors = append(cursors[:least:least], cursors[least+1:]...)
		}
	}
	return nil
}

// cursor reads a segment from its start to its end.
type cursor struct {
	s            *segment
	marks, rests lookup
	bucket       int
	mark, rest   []byte // left of the bucket
	at           entry
}

func newCursor(s *segment) *cursor {
	c := &cursor{s: s, bucket: -1}
	last := len(s.ends) - 1
	c.marks.reset(s, marks, 0, last, len(s.ends))
	c.rests.reset(s, rests, 0, last, len(s.ends))
	return c
}

// next moves to the next id; false behind the last.
func (c *cursor) next() (more bool, err error) {
	for len(c.mark) == 0 {
		if c.bucket++; c.bucket == len(c.s.ends) {
			return false, nil
		}
		if c.mark, err = c.marks.read(c.bucket); err != nil {
			return false, err
		}
		if c.rest, err = c.rests.read(c.bucket); err != nil {
			return false, err
		}
	}
	hi, lo := restHash(c.rest)
	c.at = entry{hi: marked(hi, binary.LittleEndian.Uint16(c.mark), c.s.width), lo: lo, pos: restPosition(c.rest)}
	c.mark, c.rest = c.mark[markBytes:], c.rest[restBytes:]
	return true, nil
}
