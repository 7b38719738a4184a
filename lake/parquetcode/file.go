package parquetcode

import (
	"encoding/binary"
	"io"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// Magic begins and ends a file.
const Magic = "PAR1"

// Statistics tells whether the properties want statistics of a column, which then has an order.
func Statistics(of *schema.Column, props *parquet.WriterProperties) bool {
	return props.StatisticsEnabledFor(of.Path()) && of.SortOrder() != schema.SortUNKNOWN
}

// SetStatistics gives a column chunk its statistics, without bounds that are longer than the properties allow.
func SetStatistics(to *metadata.ColumnChunkMetaDataBuilder, props *parquet.WriterProperties, stats metadata.EncodedStatistics) {
	of := to.Descr()
	stats.ApplyStatSizeLimits(int(props.MaxStatsSizeFor(of.Path())))
	stats.Signed = of.SortOrder() == schema.SortSIGNED
	to.SetStats(stats)
}

// WriteFooter ends a file.
func WriteFooter(to io.Writer, footer *metadata.FileMetaData) error {
	n, err := footer.WriteTo(to, nil)
	if err != nil {
		return err
	}
	_, err = to.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(n)), Magic...))
	return err
}
