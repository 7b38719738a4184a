package compact

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	parquetschema "github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// The columns of listens by kind, in the order in which a batch holds them.
var (
	textColumns = []string{"listen_id", "user_id", "track_id", "artist_id", "device", "country", "tier", "source_topic", "client", "extra"}
	longColumns = []string{"event_time", "received_time", "source_offset", "ms_played", "source_partition", "track_ms"}
)

const (
	listenID = iota
	userID
	trackID
	artistID
	device
	country
	tier
	sourceTopic
	client
	extra
	texts
)

const (
	eventTime = iota
	receivedTime
	sourceOffset
	msPlayed
	sourcePartition
	trackMs
	longs
)

const (
	flagColumn  = "offline"
	batchRows   = 1024
	wholeRows   = 4 * batchRows // a file of so many is read at once
	streamBytes = 64 << 10
	mostIDBytes = math.MaxUint16
)

// errForeign is for rows of other engines that the writer of ingest cannot hold as they are.
var errForeign = errors.New("rows that lakectl cannot write as they are")

// cursor goes over the rows of a file that are not deleted, in the order of the archive.
type cursor struct {
	input  int // number in the group
	sorted bool
	gone   []int64

	path   string
	file   *os.File
	reader *file.Reader
	column struct {
		text [texts]int
		long [longs]int
		flag int
	}
	group int // the next row group
	now   []file.ColumnChunkReader
	left  int64 // rows of the row group that is being read

	// The batch: n rows, the first of which is row number first of the file.
	first   int64
	n, at   int
	order   []int32 // of an unsorted file, which is one batch
	text    [texts][]parquet.ByteArray
	long    [longs][]int64
	flags   []listen.Flag
	levels  []int16
	values  []parquet.ByteArray
	ints    []int32
	numbers []int64
	bools   []bool
}

// openCursor opens a file and stands before its first row. columns are those of the table.
func openCursor(columns []lake.Column, in Input, input int, gone []int64) (*cursor, error) {
	local, err := lake.LocalPath(in.File.FilePath())
	if err != nil {
		return nil, err
	}
	c := &cursor{input: input, sorted: in.Sorted, gone: gone, path: local}
	if c.file, err = os.Open(local); err != nil {
		return nil, lake.NameFile(in.File.FilePath(), err)
	}
	props := parquet.NewReaderProperties(memory.DefaultAllocator)
	props.BufferedStreamEnabled, props.BufferSize = true, streamBytes
	if c.reader, err = file.NewParquetReader(c.file, file.WithReadProps(props)); err == nil {
		err = c.find(columns)
	}
	if err == nil && (!c.sorted || in.File.Count() <= wholeRows) {
		err = c.whole()
	}
	if err != nil {
		return nil, errors.Join(lake.NameFile(in.File.FilePath(), err), c.close())
	}
	return c, nil
}

func (c *cursor) close() error {
	if c.file == nil {
		return nil
	}
	err := c.file.Close()
	c.file, c.reader, c.now = nil, nil, nil
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// find finds the columns by field id, -1 for one that the file lacks.
func (c *cursor) find(columns []lake.Column) error {
	schema := c.reader.MetaData().Schema
	at := func(name string) int {
		i := slices.IndexFunc(columns, func(of lake.Column) bool { return of.Name == name })
		for k := range schema.NumColumns() {
			if i >= 0 && int(schema.Column(k).SchemaNode().FieldID()) == columns[i].Field.ID {
				return k
			}
		}
		return -1
	}
	for i, name := range textColumns {
		c.column.text[i] = at(name)
	}
	for i, name := range longColumns {
		c.column.long[i] = at(name)
	}
	c.column.flag = at(flagColumn)
	for k := range schema.NumColumns() {
		if schema.Column(k).MaxRepetitionLevel() > 0 {
			return fmt.Errorf("column %s is nested: %w", schema.Column(k).Name(), errForeign)
		}
	}
	for _, k := range c.column.long[:receivedTime+1] {
		if k < 0 {
			continue
		}
		if t, is := schema.Column(k).LogicalType().(parquetschema.TimestampLogicalType); !is || t.TimeUnit() != parquetschema.TimeUnitMicros {
			return fmt.Errorf("column %s is not in microseconds: %w", schema.Column(k).Name(), errForeign)
		}
	}
	known := 0
	for _, k := range slices.Concat(c.column.text[:], c.column.long[:], []int{c.column.flag}) {
		if k >= 0 {
			known++
		}
	}
	if known != schema.NumColumns() {
		return fmt.Errorf("columns that are not of listens: %w", errForeign)
	}
	return nil
}

// whole reads all rows at once and lets go of the file. Rows that are not in order are put in order.
func (c *cursor) whole() error {
	if err := c.read(int(c.reader.NumRows())); err != nil {
		return err
	}
	order := make([]int32, c.n)
	for i := range order {
		order[i] = int32(i)
	}
	users, times := c.text[userID], c.long[eventTime]
	byKey := func(a, b int32) int {
		return cmp.Or(bytes.Compare(users[a], users[b]), cmp.Compare(times[a], times[b]))
	}
	if !slices.IsSortedFunc(order, byKey) {
		slices.SortStableFunc(order, byKey)
		c.order = order
	}
	c.at = -1
	return c.close()
}

// next goes to the next row; false at the end.
func (c *cursor) next() (bool, error) {
	for {
		if c.at++; c.at >= c.n {
			if c.file == nil {
				return false, nil
			}
			c.first += int64(c.n)
			if err := c.read(batchRows); err != nil {
				return false, fmt.Errorf("read %s: %w", c.path, err)
			}
			if c.at = 0; c.n == 0 {
				return false, c.close()
			}
		}
		if _, gone := slices.BinarySearch(c.gone, c.position()); !gone || len(c.gone) == 0 {
			return true, nil
		}
	}
}

// row is the place of the current row in the batch.
func (c *cursor) row() int {
	if c.order != nil {
		return int(c.order[c.at])
	}
	return c.at
}

// position is its number in the file.
func (c *cursor) position() int64 { return c.first + int64(c.row()) }

// compare orders the current rows of two cursors as the archive is: by user, time, and arrival.
func (c *cursor) compare(d *cursor) int {
	i, k := c.row(), d.row()
	if o := bytes.Compare(c.text[userID][i], d.text[userID][k]); o != 0 {
		return o
	}
	return cmp.Or(cmp.Compare(c.long[eventTime][i], d.long[eventTime][k]), cmp.Compare(c.input, d.input))
}

// into fills a row of ingest's with the current one.
func (c *cursor) into(r *dayfile.Row) error {
	i := c.row()
	text := func(column int) string {
		v := c.text[column][i]
		return unsafe.String(unsafe.SliceData(v), len(v))
	}
	for column := range client { // the required ones
		if len(c.text[column][i]) == 0 {
			return fmt.Errorf("%s: no %s: %w", c.path, textColumns[column], errForeign)
		}
	}
	for _, column := range []int{msPlayed, sourcePartition, trackMs} {
		if n := c.long[column][i]; n < math.MinInt32 || n > math.MaxInt32 {
			return fmt.Errorf("%s: a large %s: %w", c.path, longColumns[column], errForeign)
		}
	}
	if len(c.text[listenID][i]) > mostIDBytes {
		return fmt.Errorf("%s: a long listen_id: %w", c.path, errForeign)
	}
	*r = dayfile.Row{
		Listen: listen.Listen{
			ListenID: text(listenID), UserID: text(userID), TrackID: text(trackID), ArtistID: text(artistID), Device: text(device),
			EventTime: c.long[eventTime][i], MsPlayed: c.long[msPlayed][i], ReceivedTime: c.long[receivedTime][i], TrackMs: c.long[trackMs][i],
			Country: text(country), Tier: text(tier), Client: text(client), Offline: c.flags[i], Extra: text(extra),
		},
		Source: text(sourceTopic), Partition: int32(c.long[sourcePartition][i]), Offset: c.long[sourceOffset][i],
	}
	return nil
}
