package frame

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// widthOf is how many columns a page on w has.
func widthOf(w io.Writer) int {
	f, isFile := w.(*os.File)
	if !isFile {
		return pageWidth
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return pageWidth
	}
	return int(size.Col)
}
