package dayfile

import "encoding/binary"

// appendPlain appends numbers as they are.
func appendPlain[T int32 | int64](to []byte, values []T) []byte {
	switch values := any(values).(type) {
	case []int32:
		for _, v := range values {
			to = binary.LittleEndian.AppendUint32(to, uint32(v))
		}
	case []int64:
		for _, v := range values {
			to = binary.LittleEndian.AppendUint64(to, uint64(v))
		}
	}
	return to
}

// appendText appends a text behind its length.
func appendText[T string | []byte](to []byte, value T) []byte {
	return append(binary.LittleEndian.AppendUint32(to, uint32(len(value))), value...)
}
