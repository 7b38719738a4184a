package dayfile

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// columnWriter writes one column of a row group.
type columnWriter func(g *rowGroup, to file.ColumnChunkWriter) error

// columnWriters say how each column of listens is written.
var columnWriters = map[string]columnWriter{
	"listen_id":        func(g *rowGroup, to file.ColumnChunkWriter) error { return writeAll(to, g.ids) },
	"user_id":          writeWords(userID),
	"track_id":         writeWords(trackID),
	"artist_id":        writeWords(artistID),
	"device":           writeWords(device),
	"event_time":       func(g *rowGroup, to file.ColumnChunkWriter) error { return writeAll(to, g.event) },
	"ms_played":        func(g *rowGroup, to file.ColumnChunkWriter) error { return writeAll(to, g.msPlayed) },
	"track_ms":         func(g *rowGroup, to file.ColumnChunkWriter) error { return writeSome(to, g.trackMs, itself) },
	"country":          writeWords(country),
	"tier":             writeWords(tier),
	"client":           writeWords(client),
	"offline":          func(g *rowGroup, to file.ColumnChunkWriter) error { return writeSome(to, g.offline, isTrue) },
	"received_time":    func(g *rowGroup, to file.ColumnChunkWriter) error { return writeAll(to, g.received) },
	"extra":            writeWords(extra),
	"source_topic":     writeSource,
	"source_partition": func(g *rowGroup, to file.ColumnChunkWriter) error { return writeAll(to, g.partition) },
	"source_offset":    func(g *rowGroup, to file.ColumnChunkWriter) error { return writeAll(to, g.offset) },
}

func itself(n int32) int32      { return n }
func isTrue(f listen.Flag) bool { return f == listen.True }

// columnsOf gives the writers of the table's columns, which must be all that listens has.
func columnsOf(columns []lake.Column) ([]columnWriter, error) {
	writers := make([]columnWriter, len(columns))
	for i, c := range columns {
		if writers[i] = columnWriters[c.Name]; writers[i] == nil {
			return nil, fmt.Errorf("column %s of listens has no writer: %w", c.Name, lake.ErrUnsupported)
		}
	}
	if len(writers) != len(columnWriters) {
		return nil, lake.WithHint(fmt.Errorf("listens has %d of %d columns: %w", len(writers), len(columnWriters), lake.ErrUnsupported),
			"an earlier version made the table: run 'lakectl init', which adds the columns it lacks")
	}
	return writers, nil
}

// writeAll writes a column that has a value in each row.
func writeAll[T any](to file.ColumnChunkWriter, values []T) error {
	return write(to, values, presences(to, len(values), nil))
}

// writeSome writes the values that are not zero.
func writeSome[T comparable, V any](to file.ColumnChunkWriter, values []T, as func(T) V) error {
	var zero T
	some := make([]V, 0, len(values))
	for _, v := range values {
		if v != zero {
			some = append(some, as(v))
		}
	}
	return write(to, some, presences(to, len(values), func(i int) bool { return values[i] != zero }))
}

// presences say of each row whether it has a value, all of them without has: 1 or 0. A required column has none.
func presences(to file.ColumnChunkWriter, rows int, has func(int) bool) []int16 {
	if to.Descr().MaxDefinitionLevel() == 0 {
		return nil
	}
	list := make([]int16, rows)
	for i := range list {
		if has == nil || has(i) {
			list[i] = 1
		}
	}
	return list
}

// write hands values over, numbers as wide as the table has them: another engine may have made int long.
func write[T any](to file.ColumnChunkWriter, values []T, presences []int16) error {
	if narrow, is := any(values).([]int32); is {
		if to, wide := to.(*file.Int64ColumnChunkWriter); wide {
			longs := make([]int64, len(narrow))
			for i, n := range narrow {
				longs[i] = int64(n)
			}
			return write(to, longs, presences)
		}
	}
	w, ok := to.(interface {
		WriteBatch(values []T, presences, repetitions []int16) (int64, error)
	})
	if !ok {
		return fmt.Errorf("column writer %T: %w", to, lake.ErrUnsupported)
	}
	_, err := w.WriteBatch(values, presences, nil)
	return err
}

// writeWords writes a text column: as a dictionary and indices, or as it is where the dictionary would be too large or
// save nothing.
func writeWords(column int) columnWriter {
	return func(g *rowGroup, to file.ColumnChunkWriter) error {
		w := &g.words[column]
		presences := presences(to, len(w.indices), func(i int) bool { return w.indices[i] != noWord })
		switch {
		case len(w.dictionary) == 0:
			return write[parquet.ByteArray](to, nil, presences)
		case w.repeat() && w.bytes < to.Properties().DictionaryPageSizeLimit():
			return writeIndices(to, w.texts(), w.indices, presences)
		}
		to.FallbackToPlain()
		texts, values := w.texts(), make([]parquet.ByteArray, 0, len(w.indices))
		for _, i := range w.indices {
			if i != noWord {
				values = append(values, unsafe.Slice(unsafe.StringData(texts[i]), len(texts[i]))) // lent: it is only read
			}
		}
		return write(to, values, presences)
	}
}

func writeSource(g *rowGroup, to file.ColumnChunkWriter) error {
	if g.source == "" {
		return writeWords(sourceTopic)(g, to)
	}
	return writeIndices(to, []string{g.source}, make([]int32, len(g.ids)), presences(to, len(g.ids), nil))
}

// writeIndices hands a dictionary over that has no value twice and none that is not used, and the values of the rows
// as indices into it. From the values themselves the writer would make the same, but hash each of them.
func writeIndices(to file.ColumnChunkWriter, dictionary []string, indices []int32, presences []int16) error {
	encoder, ok := to.CurrentEncoder().(interface{ PutDictionary(arrow.Array) error })
	if !ok {
		return fmt.Errorf("column encoder %T: %w", to.CurrentEncoder(), lake.ErrUnsupported)
	}
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues(dictionary, nil)
	texts := b.NewStringArray()
	defer texts.Release()
	if err := encoder.PutDictionary(texts); err != nil {
		return err
	}
	validity, absent := bitmap(presences)
	if stats := to.PageStatistics(); stats != nil { // writing indices leaves these to the caller
		stats.IncNulls(int64(absent))
		stats.IncNumValues(int64(len(indices) - absent))
		if err := stats.UpdateFromArrow(texts, false); err != nil {
			return err
		}
	}
	data := array.NewData(arrow.PrimitiveTypes.Int32, len(indices),
		[]*memory.Buffer{validity, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(indices))}, nil, absent, 0)
	defer data.Release()
	list := array.NewInt32Data(data)
	defer list.Release()
	return to.WriteDictIndices(list, presences, nil)
}

// bitmap is presences as Arrow has them, nil where nothing is absent.
func bitmap(presences []int16) (bits *memory.Buffer, absent int) {
	list := make([]byte, (len(presences)+7)/8)
	for i, is := range presences {
		list[i/8] |= byte(is) << (i % 8)
		absent += 1 - int(is)
	}
	if absent == 0 {
		return nil, 0
	}
	return memory.NewBufferBytes(list), absent
}
