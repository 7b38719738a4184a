package statement_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty/statement"
	"github.com/lakectl/lakectl/lake"
)

// content is every file of a folder with when it was written.
func content(t *testing.T, folder string) (texts map[string]string, written map[string]time.Time) {
	t.Helper()
	texts, written = map[string]string{}, map[string]time.Time{}
	for _, name := range names(t, folder) {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		texts[name], written[name] = string(text), info.ModTime()
	}
	return texts, written
}

func TestTheSameExportAgainWritesNothing(t *testing.T) {
	l := newWorld(t)
	for _, format := range formats {
		o := options(t, "artist", format)
		first := export(t, l, o)
		equal(t, first.AlreadyThere, false)
		texts, written := content(t, first.Folder)
		again := export(t, l, o)
		equal(t, again.AlreadyThere, true)
		equal(t, again.Result, first.Result)
		sameTexts, sameTimes := content(t, first.Folder)
		equal(t, sameTexts, texts)
		equal(t, sameTimes, written)
		equal(t, len(names(t, o.Dir)), 1+len(texts))

		elsewhere, _ := content(t, export(t, l, options(t, "artist", format)).Folder)
		equal(t, elsewhere, texts) // the same run, the same bytes
	}
}

func TestAFolderThatSaysSomethingElseIsNotCalledTheSame(t *testing.T) {
	l := newWorld(t)
	o := options(t, "label", "csv")
	report := export(t, l, o)
	texts, _ := content(t, report.Folder)

	insert(t, l, catalog.Tracks, []any{"unheard", "Song", "Band", "label", "Label", "", nil, nil})
	equal(t, export(t, l, o).AlreadyThere, true) // tracks moved, no row did

	insert(t, l, catalog.Tracks, []any{"t0", "Song", "Band", "label", "Label", "", nil, nil})
	_, err := statement.Export(t.Context(), env(l), o)
	equal(t, err != nil && strings.Contains(lake.Hint(err), "another folder"), true)
	unchanged, _ := content(t, report.Folder)
	equal(t, unchanged, texts)
	equal(t, len(names(t, o.Dir)), 1+len(texts))
}

func TestAFolderThatIsNoExportIsLeftAlone(t *testing.T) {
	l := newWorld(t)
	o := options(t, "label", "csv")
	folder := export(t, l, o).Folder
	if err := os.Remove(filepath.Join(folder, "export.json")); err != nil {
		t.Fatal(err)
	}
	before, _ := content(t, folder)
	_, err := statement.Export(t.Context(), env(l), o)
	equal(t, err != nil && strings.Contains(lake.Hint(err), "away"), true)
	after, _ := content(t, folder)
	equal(t, after, before)
}

func TestAnInterruptedExportLeavesNothing(t *testing.T) {
	l := newWorld(t)
	for _, format := range formats {
		o := options(t, "label", format)
		ctx, cancel := context.WithCancel(t.Context())
		e := env(l)
		e.Progress = func(text string) {
			if strings.Contains(text, "holders") {
				cancel()
			}
		}
		_, err := statement.Export(ctx, e, o)
		equal(t, errors.Is(err, context.Canceled), true)
		equal(t, len(names(t, o.Dir)), 0)
	}
}

func TestAFolderThatCannotBeWrittenIsAnErrorWithAHint(t *testing.T) {
	l := newWorld(t)
	o := options(t, "label", "csv")
	o.Dir = filepath.Join(o.Dir, "file")
	if err := os.WriteFile(o.Dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := statement.Export(t.Context(), env(l), o)
	equal(t, err != nil && strings.Contains(lake.Hint(err), "--out"), true)
}

// A real process is killed after it wrote the files and before it renamed their folder.
func TestAKilledExportLeavesNothingThatLooksComplete(t *testing.T) {
	dir := t.TempDir()
	o := options(t, "artist", "csv")
	cmd := exec.Command(os.Args[0], "-test.run=^TestExportThatIsKilled$")
	cmd.Env = append(os.Environ(), "EXPORT_KILLED_LAKE="+dir, "EXPORT_KILLED_OUT="+o.Dir)
	l := laketest.NewIn(t, dir)
	fill(t, l)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the export was not killed: %v\n%s", err, out)
	}
	left := names(t, o.Dir)
	if len(left) < len(hostileArtists) || !strings.HasPrefix(left[0], ".partial-") {
		t.Fatalf("killed too early to tell: %q", left)
	}
	for _, name := range left {
		equal(t, strings.HasPrefix(name, ".partial-"), true)
	}
	report := export(t, l, o)
	equal(t, report.AlreadyThere, false)
	entries, err := os.ReadDir(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, len(entries), 1) // the leftover is gone
	equal(t, sums(t, statements(t, report.Folder), "payout"), marchPools)
}

// TestExportThatIsKilled is the process that TestAKilledExportLeavesNothingThatLooksComplete kills.
func TestExportThatIsKilled(t *testing.T) {
	dir := os.Getenv("EXPORT_KILLED_LAKE")
	if dir == "" {
		return // no test by itself
	}
	l := laketest.NewIn(t, dir)
	o := options(t, "artist", "csv")
	o.Dir = os.Getenv("EXPORT_KILLED_OUT")
	e := env(l)
	e.Progress = func(text string) {
		if strings.Contains(text, "holders") {
			syscall.Kill(os.Getpid(), syscall.SIGKILL) //nolint:errcheck // nothing runs after it
		}
	}
	_, err := statement.Export(t.Context(), e, o)
	t.Fatalf("still alive: %v", err)
}

func TestTwoExportsOfOneFolderExcludeEachOther(t *testing.T) {
	l := newWorld(t)
	o := options(t, "label", "csv")
	e := env(l)
	var second error
	e.Progress = func(text string) {
		if strings.Contains(text, "holders") {
			_, second = statement.Export(t.Context(), env(l), o)
		}
	}
	if _, err := statement.Export(t.Context(), e, o); err != nil {
		t.Fatal(err)
	}
	equal(t, errors.Is(second, lake.ErrFenced), true)
	equal(t, export(t, l, o).AlreadyThere, true)
}
