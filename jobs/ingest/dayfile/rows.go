package dayfile

import (
	"cmp"
	"slices"

	"github.com/lakectl/lakectl/lake/listen"
)

// The text columns of listens whose values repeat. Only client and extra may have none, and sourceTopic where all rows
// of a writer have the same.
const (
	userID = iota
	trackID
	artistID
	device
	country
	tier
	client
	extra
	sourceTopic
	wordColumns
)

// row is one row of listens. It has no pointers, so the garbage collector passes over a batch, and of a value
// that many rows have only its number. Validation keeps what is narrow here within its bounds.
type row struct {
	event, received, offset      int64
	id                           uint64 // where the listen id is kept
	msPlayed, trackMs, partition int32
	words                        [wordColumns]uint32 // numbers in the lexicons
	idBytes                      uint16
	offline                      listen.Flag
}

// Rows are the listens of a batch. They lie in blocks, which never move and are used again by the next batch.
type Rows struct {
	n        int
	fresh    Row // the row handed out last, until it is taken in
	hasFresh bool
	blocks   [][]row
	ids      [][]byte // blocks of listen ids, one after the other
	idBlock  int      // the one that is being filled
	lexicons [wordColumns]lexicon
	order    [2][]place
}

const (
	blockRows    = 4096
	idBlockBytes = 1 << 20
)

// Row is a row as it is put together.
type Row struct {
	listen.Listen
	Source    string // where the rows are of several; "" for that of the writer
	Partition int32
	Offset    int64
}

// Add returns a row to fill, which may hold the values of an earlier one. The next use of rows takes it in.
func (r *Rows) Add() *Row {
	r.settle()
	if r.blocks == nil {
		for i := range r.lexicons {
			r.lexicons[i] = newLexicon()
		}
	}
	if r.n == len(r.blocks)*blockRows {
		r.blocks = append(r.blocks, make([]row, blockRows))
	}
	r.n++
	r.hasFresh = true
	return &r.fresh
}

// settle takes in the row that was handed out last. Nothing that its strings lie in is kept.
func (r *Rows) settle() {
	if !r.hasFresh {
		return
	}
	r.hasFresh = false
	l, words := &r.fresh, &r.lexicons
	*r.at(uint32(r.n - 1)) = row{
		event: l.EventTime, received: l.ReceivedTime, offset: l.Offset,
		id: r.keep(l.ListenID), idBytes: uint16(len(l.ListenID)),
		msPlayed: int32(l.MsPlayed), trackMs: int32(l.TrackMs), partition: l.Partition, offline: l.Offline,
		words: [wordColumns]uint32{
			userID: words[userID].number(l.UserID), trackID: words[trackID].number(l.TrackID), artistID: words[artistID].number(l.ArtistID),
			device: words[device].number(l.Device), country: words[country].number(l.Country), tier: words[tier].number(l.Tier),
			client: words[client].number(l.Client), extra: words[extra].number(l.Extra), sourceTopic: words[sourceTopic].number(l.Source),
		},
	}
}

func (r *Rows) at(i uint32) *row { return &r.blocks[i/blockRows][i%blockRows] }

// keep copies a listen id to the others.
func (r *Rows) keep(id string) uint64 {
	switch {
	case r.ids == nil:
		r.ids = append(r.ids, make([]byte, 0, idBlockBytes))
	case len(r.ids[r.idBlock])+len(id) > idBlockBytes:
		if r.idBlock++; r.idBlock == len(r.ids) {
			r.ids = append(r.ids, make([]byte, 0, idBlockBytes))
		}
	}
	block := &r.ids[r.idBlock]
	at := len(*block)
	*block = append(*block, id...)
	return uint64(r.idBlock)*idBlockBytes + uint64(at)
}

// listenID lends the bytes of a row's listen id until the next reset.
func (r *Rows) listenID(of *row) []byte {
	at := of.id % idBlockBytes
	return r.ids[of.id/idBlockBytes][at : at+uint64(of.idBytes)]
}

// Reset forgets the rows, and keeps the room for as many.
func (r *Rows) Reset() {
	r.hasFresh = false
	if r.n == 0 {
		return
	}
	r.n, r.idBlock = 0, 0
	for i := range r.ids {
		r.ids[i] = r.ids[i][:0]
	}
	for i := range r.lexicons {
		r.lexicons[i].reset()
	}
}

// place is a row in the order of the archive. Sorting moves these 16 bytes, not the row.
type place struct {
	event int64
	row   uint32
	day   uint32 // after the first of the batch
}

// Day is what one file holds.
type Day struct {
	number int // as dayOf gives it
	order  []place
}

// Sorted gives the order in which rows are written: by day, then user id, then event time, then arrival. Rows of
// one user lie together, which makes the files smaller and lets an erasure skip most of a file.
//
// Users are compared once each, not once a row: rows are counted into place by their user's rank, and then by
// their day.
func (r *Rows) Sorted() []Day {
	r.settle()
	if r.n == 0 {
		return nil
	}
	for i := range r.order {
		r.order[i] = slices.Grow(r.order[i][:0], r.n)[:r.n]
	}
	first, last := r.span()
	counts := make([]uint32, last-first+2)
	byUser := r.byUser(first)
	for _, p := range byUser {
		counts[p.day+1]++
	}
	ends := starts(counts)
	byDay := r.order[1]
	for _, p := range byUser {
		byDay[ends[p.day]] = p
		ends[p.day]++
	}
	var days []Day
	var start uint32
	for i, end := range ends[:len(ends)-1] {
		if end > start {
			days = append(days, Day{first + i, byDay[start:end]})
		}
		start = end
	}
	return days
}

// span is the first and the last day of the batch.
func (r *Rows) span() (first, last int) {
	from := r.at(0).event
	to := from
	for i := range r.n {
		event := r.at(uint32(i)).event
		from, to = min(from, event), max(to, event)
	}
	return dayOf(from), dayOf(to)
}

// byUser orders the rows by user id, then event time, then arrival.
func (r *Rows) byUser(firstDay int) []place {
	ranks := r.lexicons[userID].ranks()
	counts := make([]uint32, len(ranks)+1)
	for i := range r.n {
		counts[ranks[r.at(uint32(i)).words[userID]]+1]++
	}
	ends := starts(counts)
	order := r.order[0]
	for i := range r.n {
		row := r.at(uint32(i))
		end := &ends[ranks[row.words[userID]]]
		order[*end] = place{event: row.event, row: uint32(i), day: uint32(dayOf(row.event) - firstDay)}
		*end++
	}
	var start uint32
	for _, end := range ends {
		slices.SortFunc(order[start:end], func(a, b place) int {
			if a.event != b.event {
				return cmp.Compare(a.event, b.event)
			}
			return cmp.Compare(a.row, b.row)
		})
		start = end
	}
	return order
}

// starts turns the numbers of what belongs into each place, shifted by one, into where each place starts. A place
// that is filled from there on ends where the next one starts.
func starts(counts []uint32) []uint32 {
	for i := range counts[1:] {
		counts[i+1] += counts[i]
	}
	return counts
}

// dayOf is the value of Iceberg's day transform for a time in microseconds.
func dayOf(micros int64) int {
	day := micros / listen.MicrosPerDay
	if micros%listen.MicrosPerDay < 0 {
		day--
	}
	return int(day)
}
