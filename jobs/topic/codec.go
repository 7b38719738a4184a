package topic

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/segmentio/kafka-go/compress"
)

// maxInflated bounds one decompressed batch. Brokers take batches of 1 MiB by
// default, and lz4 cannot grow by more than 255 times.
const maxInflated = 256 << 20

var errTooLarge = fmt.Errorf("batch takes more than %d bytes decompressed", maxInflated)

// xerial heads snappy data that was cut into blocks; what does not start with it
// is one block. 8 bytes of version follow.
var xerial = []byte("\x82SNAPPY\x00")

// unzstd is safe for concurrent use.
var unzstd = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxInflated))
})

// inflate appends the decompressed src to dst. kafka-go's snappy and zstd readers
// are not used: they allocate whatever size the data claims to have.
func inflate(dst []byte, codec compress.Compression, src []byte) ([]byte, error) {
	var err error
	switch codec {
	case compress.Gzip, compress.Lz4:
		dst, err = inflateStream(dst, codec, src)
	case compress.Snappy:
		dst, err = inflateSnappy(dst, src)
	case compress.Zstd:
		dst, err = inflateZstd(dst, src)
	default:
		return dst, fmt.Errorf("compression codec %d is not known", codec)
	}
	if err != nil && !errors.Is(err, errTooLarge) {
		err = damaged("decompress with %s: %w", codec, err)
	}
	return dst, err
}

func inflateStream(dst []byte, codec compress.Compression, src []byte) ([]byte, error) {
	in := codec.Codec().NewReader(bytes.NewReader(src))
	defer func() { _ = in.Close() }() // only gives the reader back to its pool
	dst = slices.Grow(dst, min(4*len(src), maxInflated)+1)
	for {
		n, err := in.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		switch {
		case errors.Is(err, io.EOF):
			return dst, nil
		case err != nil:
			return dst, err
		case len(dst) > maxInflated:
			return dst, errTooLarge
		}
		dst = slices.Grow(dst, 1)
	}
}

func inflateZstd(dst, src []byte) ([]byte, error) {
	z, err := unzstd()
	if err != nil {
		return dst, err
	}
	dst, err = z.DecodeAll(src, dst)
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
		err = errTooLarge
	}
	return dst, err
}

func inflateSnappy(dst, src []byte) ([]byte, error) {
	if !bytes.HasPrefix(src, xerial) {
		return snappyBlock(dst, src)
	}
	in := reader{buf: src}
	in.take(len(xerial) + 8)
	for len(in.buf) > 0 {
		block := in.take(int(in.int32()))
		if in.bad {
			return dst, io.ErrUnexpectedEOF
		}
		var err error
		if dst, err = snappyBlock(dst, block); err != nil {
			return dst, err
		}
	}
	if in.bad {
		return dst, io.ErrUnexpectedEOF
	}
	return dst, nil
}

func snappyBlock(dst, block []byte) ([]byte, error) {
	n, err := snappy.DecodedLen(block)
	if err != nil {
		return dst, err
	}
	// A copy of 64 bytes takes 3: what claims to grow more is not snappy.
	if n > 32*len(block) {
		return dst, fmt.Errorf("%d bytes cannot hold %d", len(block), n)
	}
	if len(dst)+n > maxInflated {
		return dst, errTooLarge
	}
	at := len(dst)
	dst = slices.Grow(dst, n)
	_, err = snappy.Decode(dst[at:at+n], block)
	return dst[:at+n], err
}
