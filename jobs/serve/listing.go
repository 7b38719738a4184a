package serve

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/lakectl/lakectl/jobs/serve/page"
)

// listed is which rows of a list an answer has: from From, inclusive, to To, exclusive, of Count.
type listed struct {
	from, to, count int
	next, previous  string // cursors; previous is "" where the page before is the first one
	moved           bool   // the cursor was of another state
}

// pageOf takes the rows after the cursor of a question. A cursor names the state that it is of, by its tag, and the row
// before by its place and its key. One of another state is refused, but for a question that follows: that has the rows
// of the same places as they are now, so that a page which is looked at stays what it is while its figures move.
func pageOf[T any](q *question, tag string, all []T, key func(T) string) (page []T, next string, err error) {
	l := listed{count: len(all)}
	if q.cursor != "" {
		of, place, after, err := readCursor(q.cursor)
		switch {
		case err != nil:
			return nil, "", err
		case of != tag && !q.follows:
			return nil, "", errMoved
		case place < 0 || of == tag && (place >= len(all) || key(all[place]) != after):
			return nil, "", refusal("the cursor is of another question")
		case of != tag:
			l.moved, l.from = true, place+1
			if l.from >= len(all) {
				l.from = max(len(all)-1, 0) / q.limit * q.limit
			}
		default:
			l.from = place + 1
		}
	}
	cursor := func(place int) string {
		return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s/%d/%s", tag, place, key(all[place])))
	}
	l.to = min(len(all), l.from+q.limit)
	if l.to < len(all) {
		l.next = cursor(l.to - 1)
	}
	if l.from > q.limit {
		l.previous = cursor(l.from - q.limit - 1)
	}
	if q.read != nil {
		q.read.listed = l
	}
	return all[l.from:l.to], l.next, nil
}

// readCursor takes a cursor apart: the tag of its state, and the place and the key of the row before. A place that is
// none is -1.
func readCursor(cursor string) (tag string, place int, key string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	tag, rest, ok := strings.Cut(string(raw), "/")
	if err != nil || !ok {
		return "", 0, "", refusal("the cursor is not one that an answer gave")
	}
	text, key, _ := strings.Cut(rest, "/")
	if place, err = strconv.Atoi(text); err != nil || place < 0 || place >= math.MaxInt32 {
		place = -1
	}
	return tag, place, key, nil
}

// paging is where the list of a view is, with the addresses around. at is the address of the rows after a cursor, or of
// the first ones.
func (v *viewer) paging(at func(cursor string) string) page.Paging {
	l := v.read.listed
	p := page.Paging{From: int64(l.from + 1), To: int64(l.to), Of: int64(l.count), Moved: l.moved, First: at("")}
	if l.next != "" {
		p.Next = at(l.next)
	}
	if l.from > 0 {
		p.Prev = at(l.previous)
	}
	return p
}
