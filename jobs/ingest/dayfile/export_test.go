package dayfile

import (
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// Order lists rows as they are written: their number in order of [Rows.Add], by day.
func (r *Rows) Order() (days [][]int) {
	for _, d := range r.Sorted() {
		var numbers []int
		for _, p := range d.order {
			numbers = append(numbers, int(p.row))
		}
		days = append(days, numbers)
	}
	return days
}

// WritePlain is what bare arrow-go does with the same settings.
func WritePlain(w io.Writer, day arrow.RecordBatch) error {
	f, err := pqarrow.NewFileWriter(day.Schema(), w, properties(), pqarrow.DefaultWriterProps())
	if err != nil {
		return err
	}
	if err := f.Write(day); err != nil {
		return err
	}
	return f.Close()
}
