package dayfile

import (
	"bytes"
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/parquet"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
	"github.com/lakectl/lakectl/lake/parquetcode"
)

// columnWriter writes one column of a row group.
type columnWriter func(g *rowGroup, to *chunk) error

// columnWriters say how each column of listens is written.
var columnWriters = map[string]columnWriter{
	"listen_id": func(g *rowGroup, to *chunk) error {
		return writeTexts(to, len(g.ids), func(i int) []byte { return g.ids[i] })
	},
	"user_id":          writeWords(userID),
	"track_id":         writeWords(trackID),
	"artist_id":        writeWords(artistID),
	"device":           writeWords(device),
	"event_time":       func(g *rowGroup, to *chunk) error { return writeNumbers(to, g.event, nil) },
	"ms_played":        func(g *rowGroup, to *chunk) error { return writeNumbers(to, g.msPlayed, nil) },
	"track_ms":         func(g *rowGroup, to *chunk) error { return writeNumbers(to, g.trackMs, isNumber) },
	"country":          writeWords(country),
	"tier":             writeWords(tier),
	"client":           writeWords(client),
	"offline":          func(g *rowGroup, to *chunk) error { return writeFlags(to, g.offline) },
	"received_time":    func(g *rowGroup, to *chunk) error { return writeNumbers(to, g.received, nil) },
	"extra":            writeWords(extra),
	"source_topic":     writeSource,
	"source_partition": func(g *rowGroup, to *chunk) error { return writeNumbers(to, g.partition, nil) },
	"source_offset":    func(g *rowGroup, to *chunk) error { return writeNumbers(to, g.offset, nil) },
}

func isNumber(n int32) bool { return n != 0 }

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

// writeNumbers writes a column of whole numbers, as wide as the table has them: another engine may have made int long.
// has tells which rows have one, all without it.
func writeNumbers[T int32 | int64](to *chunk, numbers []T, has func(T) bool) error {
	encoding := to.props.EncodingFor(to.column.Path())
	wide := to.column.PhysicalType() == parquet.Types.Int64
	var least, most T
	some := make([]T, 0, min(pageRows, len(numbers)))
	for rest := numbers; len(rest) > 0; {
		page := rest[:min(pageRows, len(rest))]
		rest = rest[len(page):]
		var present func(int) bool
		values := page
		if has != nil {
			present = func(i int) bool { return has(page[i]) }
			values = some[:0]
			for _, n := range page {
				if has(n) {
					values = append(values, n)
				}
			}
		}
		for _, n := range values {
			if !to.bounded {
				to.bounded, least, most = true, n, n
			}
			least, most = min(least, n), max(most, n)
		}
		if err := to.page(len(page), present, encoding, func(b []byte) []byte { return appendNumbers(b, values, encoding, wide) }); err != nil {
			return err
		}
	}
	if to.bounded {
		to.bounds(appendNumbers(nil, []T{least}, parquet.Encodings.Plain, wide), appendNumbers(nil, []T{most}, parquet.Encodings.Plain, wide))
	}
	return nil
}

// appendNumbers appends numbers in one of the encodings that the properties give.
func appendNumbers[T int32 | int64](to []byte, numbers []T, encoding parquet.Encoding, wide bool) []byte {
	if encoding == parquet.Encodings.DeltaBinaryPacked {
		return parquetcode.AppendDelta(to, numbers)
	}
	if narrow, is := any(numbers).([]int32); is && wide {
		longs := make([]int64, len(narrow))
		for i, n := range narrow {
			longs[i] = int64(n)
		}
		return appendPlain(to, longs)
	}
	return appendPlain(to, numbers)
}

// writeFlags writes a column that is true, false or nothing.
func writeFlags(to *chunk, flags []listen.Flag) error {
	some := make([]int32, 0, min(pageRows, len(flags)))
	var least, most int32
	for rest := flags; len(rest) > 0; {
		page := rest[:min(pageRows, len(rest))]
		rest, some = rest[len(page):], some[:0]
		for _, f := range page {
			switch f {
			case listen.True:
				some = append(some, 1)
			case listen.False:
				some = append(some, 0)
			}
		}
		for _, bit := range some {
			if !to.bounded {
				to.bounded, least, most = true, bit, bit
			}
			least, most = min(least, bit), max(most, bit)
		}
		present := func(i int) bool { return page[i] != listen.Unset }
		if err := to.page(len(page), present, parquet.Encodings.Plain, func(b []byte) []byte { return parquetcode.AppendBits(b, some, 1) }); err != nil {
			return err
		}
	}
	if to.bounded {
		to.bounds([]byte{byte(least)}, []byte{byte(most)})
	}
	return nil
}

// writeTexts writes texts as they are; one of no length stands for none.
func writeTexts(to *chunk, rows int, text func(row int) []byte) error {
	bounds := to.props.StatisticsEnabledFor(to.column.Path())
	for at := 0; at < rows; {
		n, size := 0, 0
		for ; at+n < rows && n < pageRows && size < pageBytes; n++ {
			value := text(at + n)
			size += lengthBytes + len(value)
			if bounds && len(value) > 0 {
				to.within(value)
			}
		}
		err := to.page(n, func(i int) bool { return len(text(at+i)) > 0 }, parquet.Encodings.Plain, func(b []byte) []byte {
			for i := range n {
				if value := text(at + i); len(value) > 0 {
					b = appendText(b, value)
				}
			}
			return b
		})
		if err != nil {
			return err
		}
		at += n
	}
	return nil
}

// within makes the bounds those of one more text.
func (c *chunk) within(text []byte) {
	if !c.bounded || bytes.Compare(text, c.least) < 0 {
		c.least = text
	}
	if !c.bounded || bytes.Compare(text, c.most) > 0 {
		c.most = text
	}
	c.bounded = true
}

// writeWords writes a text column: as a dictionary and indices, or as it is where the dictionary would be too large or
// save nothing.
func writeWords(column int) columnWriter {
	return func(g *rowGroup, to *chunk) error {
		w := &g.words[column]
		texts := w.texts()
		if len(texts) == 0 || w.repeat() && w.bytes < to.props.DictionaryPageSizeLimit() {
			return writeIndices(to, texts, w.indices)
		}
		return writeTexts(to, len(w.indices), func(i int) []byte {
			if w.indices[i] == noWord {
				return nil
			}
			return lent(texts[w.indices[i]])
		})
	}
}

func writeSource(g *rowGroup, to *chunk) error {
	if g.source == "" {
		return writeWords(sourceTopic)(g, to)
	}
	return writeIndices(to, []string{g.source}, make([]int32, len(g.ids)))
}

// writeIndices writes a dictionary that has no value twice and none that is not used, and the values of the rows as
// indices into it.
func writeIndices(to *chunk, dictionary []string, indices []int32) error {
	if err := to.dictionary(dictionary); err != nil {
		return err
	}
	for _, text := range dictionary {
		to.within(lent(text))
	}
	width := max(1, parquetcode.Width(max(0, len(dictionary)-1)))
	some := make([]int32, 0, min(pageRows, len(indices)))
	for rest := indices; len(rest) > 0; {
		page := rest[:min(pageRows, len(rest))]
		rest, some = rest[len(page):], some[:0]
		for _, i := range page {
			if i != noWord {
				some = append(some, i)
			}
		}
		var present func(int) bool
		if len(some) < len(page) {
			present = func(i int) bool { return page[i] != noWord }
		}
		err := to.page(len(page), present, to.props.DictionaryIndexEncoding(), func(b []byte) []byte {
			return parquetcode.AppendHybrid(append(b, byte(width)), some, width)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lent are the bytes of a text, which are only read.
func lent(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }
