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

// Packed is a row whose texts are numbers that [Stream.Word] gave, 0 for none.
type Packed struct {
	ListenID                     string
	Event, Received, Offset      int64
	MsPlayed, TrackMs, Partition int32
	Offline                      listen.Flag
	Words                        [Words]uint32
}

// Stream writes one file of one day whose rows come in the order of the file. In memory are the rows of one row group,
// column by column.
type Stream struct {
	w      *Writer
	rows   Rows // listen ids and the lexicons
	day    int
	n      int64
	groups int
	uri    string
	out    *lake.FileWriter
	file   *output
}

// NewStream opens a file of t. Each row says its source. A stream that is not closed must be aborted.
func NewStream(ctx context.Context, t *lake.Table, day int, job string) (*Stream, error) {
	s := &Stream{day: day, uri: t.NewDataPath(job), groups: 1}
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

// Group is the number of the row group that the next row belongs to, from 1. The numbers of words are those of a group.
func (s *Stream) Group() int { return s.groups }

// Word numbers a text of a column in this row group; "" is 0. Each text that gets a number must be one of the next row.
func (s *Stream) Word(column int, text string) uint32 {
	if column == userID { // rows come by user
		return s.rows.lexicons[column].next(text)
	}
	return s.rows.lexicons[column].number(text)
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
	for i := range g.words {
		g.words[i].indices = append(g.words[i].indices, int32(r.Words[i])-1) // 0 becomes noWord
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
		g.words[i].all()
	}
	if err := s.w.writeColumns(s.file); err != nil {
		return err
	}
	for i := range g.words {
		g.words[i].dictionary = g.words[i].dictionary[:0]
		s.rows.lexicons[i].reset()
	}
	for i := range s.rows.ids {
		s.rows.ids[i] = s.rows.ids[i][:0]
	}
	s.rows.idBlock = 0
	s.groups++
	g.reset(groupRows)
	return nil
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
