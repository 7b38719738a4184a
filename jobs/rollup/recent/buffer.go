package recent

import (
	"fmt"
	"syscall"
	"unsafe"
)

// buffer is an array outside of Go's heap. A batch there neither lets the heap grow to twice its size before garbage is
// collected, nor stays with the process when the memory is closed. Its items hold no pointers.
type buffer[T entry | uint32] struct {
	items []T
	bytes []byte
}

// grow makes an empty buffer for so many items at least. Beyond them append moves to the heap, which is right but
// larger.
func (b *buffer[T]) grow(items int) error {
	var one T
	size := max(items, 1) * int(unsafe.Sizeof(one))
	if size > len(b.bytes) {
		if err := b.release(); err != nil {
			return err
		}
		bytes, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			return fmt.Errorf("get %d bytes of memory: %w", size, err)
		}
		b.bytes = bytes
	}
	b.items = unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b.bytes))), len(b.bytes)/int(unsafe.Sizeof(one)))[:0]
	return nil
}

func (b *buffer[T]) release() error {
	bytes := b.bytes
	b.items, b.bytes = nil, nil
	if bytes == nil {
		return nil
	}
	return syscall.Munmap(bytes)
}
