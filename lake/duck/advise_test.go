package duck

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/lakectl/lakectl/lake"
)

func TestWordsOfDuckDBAreTheirCauses(t *testing.T) {
	t.Parallel()
	for text, c := range map[string]struct {
		cause error
		hint  string
	}{
		`IO Error: Could not write file "/x": No space left on device`:             {syscall.ENOSPC, "the disk is full"},
		`IO Error: Cannot open file "/x": Permission denied`:                       {fs.ErrPermission, "give this user the right"},
		`IO Error: Cannot open file "/x": Too many open files`:                     {syscall.EMFILE, "ulimit -n"},
		`IO Error: Could not read from file "/x": Input/output error`:              {syscall.EIO, "the disk fails"},
		`IO Error: No files found that match the pattern "/x"`:                     {fs.ErrNotExist, "put the file back"},
		`Out of Memory Error: failed to offload (max_temp_directory_size of 1 MB)`: {nil, "raise duckdb.spill_limit"},
		`Out of Memory Error: could not allocate block`:                            {nil, "raise duckdb.memory_limit or"},
		`Binder Error: no such column`:                                             {nil, ""},
	} {
		got := advise(errors.New(text))
		if got.Error() != text || c.cause != nil && !errors.Is(got, c.cause) || !strings.Contains(lake.Hint(got), c.hint) || c.hint == "" && lake.Hint(got) != "" {
			t.Errorf("%s: %v, hint %q", text, got, lake.Hint(got))
		}
	}
	if err := advise(nil); err != nil || lake.Hint(advise(context.Canceled)) != "" {
		t.Error("what needs no advice was changed")
	}
}
