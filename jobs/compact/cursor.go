package compact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

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
	whole  bool // all rows are one batch
	column struct {
		text [texts]int
		long [longs]int
		flag int
	}
	group int   // the next row group
	left  int64 // rows of the row group that is being read
	pages []*pages
	now   []file.ColumnChunkReader // where pages is nil

	// The batch: n rows, the first of which is row number first of the file.
	first   int64
	n, at   int
	user    string // of the current row
	time    int64
	order   []int32   // of an unsorted file, which is one batch
	hashes  []rowHash // of all columns of a row
	words   [][dayfile.Words]uint32
	epoch   int // that words are of, 0 before they are known
	text    [texts]column
	long    [longs][]int64
	flags   []listen.Flag
	present []int32
	levels  []int16
	values  []parquet.ByteArray
	ints    []int32
	numbers []int64
	bools   []bool
}

// openCursor opens a file and stands before its first row. columns are those of the table.
func openCursor(ctx context.Context, columns []lake.Column, in Input, input int, gone []int64) (*cursor, error) {
	local, err := lake.LocalPath(in.File.FilePath())
	if err != nil {
		return nil, err
	}
	c := &cursor{input: input, sorted: in.Sorted, gone: gone, path: local}
	if c.file, err = lake.Open(ctx, in.File.FilePath()); err != nil {
		return nil, lake.NameFile(in.File.FilePath(), err)
	}
	err = lake.Safely(func() error { return c.readFooter(columns) })()
	if c.whole = !c.sorted || in.File.Count() <= wholeRows; err == nil && c.whole {
		err = c.readWhole()
	}
	if err != nil {
		return nil, errors.Join(lake.NameFile(in.File.FilePath(), err), c.close())
	}
	return c, nil
}

// readFooter reads the footer, which another engine may have written.
func (c *cursor) readFooter(columns []lake.Column) (err error) {
	props := parquet.NewReaderProperties(memory.DefaultAllocator)
	props.BufferedStreamEnabled, props.BufferSize = true, streamBytes
	if c.reader, err = file.NewParquetReader(c.file, file.WithReadProps(props)); err != nil {
		return err
	}
	return c.find(columns)
}

func (c *cursor) close() error {
	if c.file == nil {
		return nil
	}
	err := errors.Join(c.closePages(), c.file.Close())
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
	if err := c.checkNumbers(); err != nil {
		return err
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

// checkNumbers refuses a file without a number that rows must have, or with times of another unit.
func (c *cursor) checkNumbers() error {
	for i, k := range c.column.long {
		if k < 0 && i != trackMs { // a 0 in the place of nothing would be another row
			return fmt.Errorf("there is no column %s: %w", longColumns[i], errForeign)
		}
	}
	for _, k := range c.column.long[:receivedTime+1] {
		if t, is := c.reader.MetaData().Schema.Column(k).LogicalType().(parquetschema.TimestampLogicalType); !is || t.TimeUnit() != parquetschema.TimeUnitMicros {
			return fmt.Errorf("column %s is not in microseconds: %w", c.reader.MetaData().Schema.Column(k).Name(), errForeign)
		}
	}
	return nil
}

// readWhole reads all rows at once and lets go of the file. Rows that are not in order are put in order.
func (c *cursor) readWhole() error {
	if err := c.read(true); err != nil {
		return err
	}
	order := make([]int32, c.n)
	for i := range order {
		order[i] = int32(i)
	}
	users, times := &c.text[userID], c.long[eventTime]
	byKey := func(a, b int32) int {
		return cmp.Or(strings.Compare(users.at(int(a)), users.at(int(b))), cmp.Compare(times[a], times[b]))
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
			if err := c.read(false); err != nil {
				return false, fmt.Errorf("read %s: %w", c.path, err)
			}
			if c.at = 0; c.n == 0 {
				return false, c.close()
			}
		}
		if len(c.gone) > 0 {
			if _, gone := slices.BinarySearch(c.gone, c.position()); gone {
				continue
			}
		}
		i := c.row()
		c.user, c.time = c.text[userID].at(i), c.long[eventTime][i]
		return true, nil
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
	if o := strings.Compare(c.user, d.user); o != 0 {
		return o
	}
	return cmp.Or(cmp.Compare(c.time, d.time), cmp.Compare(c.input, d.input))
}
