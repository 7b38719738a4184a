package ingest

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// column takes the values of one column of listens out of rows.
type column struct {
	take func(*column, *archived)

	texts    []parquet.ByteArray
	longs    []int64
	ints     []int32
	flags    []bool
	presence []int16 // of an optional column: 1 for a value, 0 for none; nil for a required one
}

// valuesOf says where the value of each column of listens comes from.
func valuesOf(source string) map[string]func(*column, *archived) {
	return map[string]func(*column, *archived){
		"listen_id":        func(c *column, r *archived) { c.text(r.ListenID) },
		"user_id":          func(c *column, r *archived) { c.text(r.UserID) },
		"track_id":         func(c *column, r *archived) { c.text(r.TrackID) },
		"artist_id":        func(c *column, r *archived) { c.text(r.ArtistID) },
		"device":           func(c *column, r *archived) { c.text(r.Device) },
		"event_time":       func(c *column, r *archived) { c.long(r.EventTime) },
		"ms_played":        func(c *column, r *archived) { c.int(r.MsPlayed) },
		"track_ms":         func(c *column, r *archived) { c.optionalInt(r.TrackMs) },
		"country":          func(c *column, r *archived) { c.text(r.Country) },
		"tier":             func(c *column, r *archived) { c.text(r.Tier) },
		"client":           func(c *column, r *archived) { c.optionalText(r.Client) },
		"offline":          func(c *column, r *archived) { c.flag(r.Offline) },
		"received_time":    func(c *column, r *archived) { c.long(r.ReceivedTime) },
		"extra":            func(c *column, r *archived) { c.optionalText(r.Extra) },
		"source_topic":     func(c *column, _ *archived) { c.text(source) },
		"source_partition": func(c *column, r *archived) { c.int(int64(r.partition)) },
		"source_offset":    func(c *column, r *archived) { c.long(r.offset) },
	}
}

// columnsOf gives the columns in the order of the table's fields. A field that is not known here was added by
// a newer version and stays empty.
func columnsOf(fields *arrow.Schema, source string) ([]*column, error) {
	values := valuesOf(source)
	columns := make([]*column, fields.NumFields())
	known := 0
	for i, f := range fields.Fields() {
		c := &column{take: values[f.Name]}
		switch {
		case c.take != nil:
			known++
		case f.Nullable:
			c.take = func(c *column, _ *archived) { c.present(false) }
		default:
			return nil, fmt.Errorf("column %s of listens is required: %w", f.Name, lake.ErrUnsupported)
		}
		if f.Nullable {
			c.presence = make([]int16, 0, sliceRows)
		}
		columns[i] = c
	}
	if known != len(values) {
		return nil, lake.WithHint(fmt.Errorf("listens has %d of %d columns: %w", known, len(values), lake.ErrUnsupported),
			"the table is not one that 'lakectl init' made; run 'lakectl init' with another catalog.uri for a new lake")
	}
	return columns, nil
}

func (c *column) present(is bool) {
	if c.presence == nil {
		return
	}
	if is {
		c.presence = append(c.presence, 1)
	} else {
		c.presence = append(c.presence, 0)
	}
}

// text lends the string's bytes to the Parquet writer, which only reads them.
func (c *column) text(s string) {
	c.texts = append(c.texts, unsafe.Slice(unsafe.StringData(s), len(s)))
	c.present(true)
}

func (c *column) optionalText(s string) {
	if s == "" {
		c.present(false)
		return
	}
	c.text(s)
}

func (c *column) long(n int64) {
	c.longs = append(c.longs, n)
	c.present(true)
}

// int takes numbers that validation keeps within 32 bits.
func (c *column) int(n int64) {
	c.ints = append(c.ints, int32(n))
	c.present(true)
}

func (c *column) optionalInt(n int64) {
	if n == 0 {
		c.present(false)
		return
	}
	c.int(n)
}

func (c *column) flag(f listen.Flag) {
	if f == listen.Unset {
		c.present(false)
		return
	}
	c.flags = append(c.flags, f == listen.True)
	c.present(true)
}

// write appends the column's values of some rows to a file.
func (c *column) write(to file.ColumnChunkWriter, r *rows, order []place) error {
	c.texts, c.longs, c.ints, c.flags, c.presence = c.texts[:0], c.longs[:0], c.ints[:0], c.flags[:0], c.presence[:0]
	for _, p := range order {
		c.take(c, r.at(p.row))
	}
	var err error
	switch to := to.(type) {
	case *file.ByteArrayColumnChunkWriter:
		_, err = to.WriteBatch(c.texts, c.presence, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = to.WriteBatch(c.longs, c.presence, nil)
	case *file.Int32ColumnChunkWriter:
		_, err = to.WriteBatch(c.ints, c.presence, nil)
	case *file.BooleanColumnChunkWriter:
		_, err = to.WriteBatch(c.flags, c.presence, nil)
	default:
		err = fmt.Errorf("column writer %T: %w", to, lake.ErrUnsupported)
	}
	return err
}
