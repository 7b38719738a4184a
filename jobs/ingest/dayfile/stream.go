package dayfile

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// The columns of texts that repeat, in [Packed].Words.
const (
	UserID      = userID
	TrackID     = trackID
	ArtistID    = artistID
	Device      = device
	Country     = country
	Tier        = tier
	Client      = client
	Extra       = extra
	SourceTopic = sourceTopic
	Words       = wordColumns
)

// Packed is a row whose texts are numbers that [Stream.Word] gave in this epoch, 0 for none.
type Packed struct {
	ListenID, UserID             string
	Event, Received, Offset      int64
	MsPlayed, TrackMs, Partition int32
	Offline                      listen.Flag
	Words                        [Words]uint32 // that of the user does not count
}

// Stream writes one file of one day whose rows come in the order of the file. In memory are the rows of one row group,
// column by column.
type Stream struct {
	w     *Writer
	rows  Rows // listen ids and the lexicons
	day   int
	n     int64
	epoch int
	uri   string
	out   *lake.FileWriter
	file  *output
}

// NewStream opens a file of t. Each row says its source. A stream that is not closed must be aborted.
func NewStream(ctx context.Context, t *lake.Table, day int, job string) (*Stream, error) {
	s := &Stream{day: day, uri: t.NewDataPath(job), epoch: 1}
	for i := range s.rows.lexicons {
		s.rows.lexicons[i] = newLexicon()
	}
	var err error
	if s.w, err = NewWriter(t, &s.rows, ""); err != nil {
		return nil, err
	}
	s.w.group.reset(groupRows)
	if s.out, err = t.Create(ctx, s.uri); err != nil {
		return nil, err
	}
	if s.file, err = newOutput(s.out, s.w.schema, s.w.props); err != nil {
		return nil, errors.Join(err, s.out.Close())
	}
	return s, nil
}

// Room makes room for the next row, which may begin another row group.
func (s *Stream) Room() error {
	if len(s.w.group.ids) < groupRows {
		return nil
	}
	return s.flush()
}

// keptBytes are those of texts that are kept from one row group to the next, with what each takes beside its letters.
const (
	keptBytes = 64 << 20
	wordBytes = 32
)

// Epoch counts, from 1, how often all numbers were forgotten: those of words are of one epoch. Another one begins with
// a row group, where the texts have become too large.
func (s *Stream) Epoch() int { return s.epoch }

// Word numbers a text of a column, which may be of any row to come; "" is 0. hash is what [Hash] gives. The file has
// only the texts of its rows.
func (s *Stream) Word(column int, text string, hash uint64) uint32 {
	if text == "" {
		return 0
	}
	return s.rows.lexicons[column].hashed(text, hash)
}

// Append adds a row. Rows are ordered by user id and event time, and all of the day.
func (s *Stream) Append(r *Packed) {
	s.n++
	g := s.w.group
	at := s.rows.keep(r.ListenID)
	start := at % idBlockBytes
	end := start + uint64(len(r.ListenID))
	g.ids = append(g.ids, s.rows.ids[at/idBlockBytes][start:end:end])
	g.event = append(g.event, r.Event)
	g.received = append(g.received, r.Received)
	g.offset = append(g.offset, r.Offset)
	g.msPlayed = append(g.msPlayed, r.MsPlayed)
	g.trackMs = append(g.trackMs, r.TrackMs)
	g.partition = append(g.partition, r.Partition)
	g.offline = append(g.offline, r.Offline)
	r.Words[userID] = s.rows.lexicons[userID].next(r.UserID) // rows come by user: it is the last one or a new one
	for i := range g.words {
		g.words[i].indices = append(g.words[i].indices, int32(r.Words[i])) // a number, until the row group is full
	}
}

// Rows is the number of rows so far.
func (s *Stream) Rows() int64 { return s.n }

func (s *Stream) flush() error {
	g := s.w.group
	for _, at := range g.event {
		if day := dayOf(at); day != s.day {
			return fmt.Errorf("a row of day %d in a file of day %d: %w", day, s.day, lake.ErrUnsupported)
		}
	}
	for i := range g.words {
		g.words[i].settle()
	}
	if err := s.w.writeColumns(s.file); err != nil {
		return err
	}
	for i := range s.rows.ids {
		s.rows.ids[i] = s.rows.ids[i][:0]
	}
	s.rows.idBlock = 0
	g.reset(groupRows)
	s.forget()
	return nil
}

// forget lets go of the users, and begins another epoch where the other texts have become too large.
func (s *Stream) forget() {
	s.rows.lexicons[userID].reset()
	size := 0
	for i := range s.rows.lexicons {
		size += s.rows.lexicons[i].bytes + wordBytes*len(s.rows.lexicons[i].words)
	}
	if size < keptBytes {
		return
	}
	s.epoch++
	for i := range s.rows.lexicons {
		s.rows.lexicons[i].reset()
	}
}

// Close ends the file and describes it.
func (s *Stream) Close() (iceberg.DataFile, error) {
	if len(s.w.group.ids) > 0 {
		if err := s.flush(); err != nil {
			return nil, errors.Join(err, s.Abort())
		}
	}
	footer, err := s.file.finish()
	if err != nil {
		return nil, err
	}
	return s.w.table.SortedDataFile(s.uri, footer, s.out.Bytes(), s.day)
}

// Abort leaves an unfinished file, which is nobody's.
func (s *Stream) Abort() error { return s.out.Close() }
