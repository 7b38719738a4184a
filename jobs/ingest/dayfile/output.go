package dayfile

import (
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/lakectl/lakectl/lake/parquetcode"
)

// output is a Parquet file that is being written. The pages are dayfile's own, their headers and the footer are
// arrow-go's.
type output struct {
	to     io.WriteCloser
	at     int64
	props  *parquet.WriterProperties
	meta   *metadata.FileMetaDataBuilder
	groups int16
	footer *metadata.FileMetaData
}

// newOutput begins a file. Close closes to.
func newOutput(to io.WriteCloser, root *schema.GroupNode, props *parquet.WriterProperties) (*output, error) {
	o := &output{to: to, props: props, meta: metadata.NewFileMetadataBuilder(schema.NewSchema(root), props, nil)}
	_, err := o.Write([]byte(parquetcode.Magic))
	return o, err
}

// Write is for page writers, which ask for the place by Tell.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	o.at += int64(n)
	return n, err
}

// Tell is how many bytes have been written.
func (o *output) Tell() int64 { return o.at }

// finish writes the footer and closes the file.
func (o *output) finish() (*metadata.FileMetaData, error) {
	err := o.writeFooter()
	if err = errors.Join(err, o.to.Close()); err != nil {
		return nil, err
	}
	return o.footer, nil
}

func (o *output) writeFooter() (err error) {
	if o.footer, err = o.meta.Snapshot(); err != nil {
		return err
	}
	return parquetcode.WriteFooter(o, o.footer)
}
