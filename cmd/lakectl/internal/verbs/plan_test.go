package verbs

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/capacity"
)

// typed says what is wrong with a command line of lakectl: a verb that there is not, or a flag that does not parse.
func typed(line string) string {
	words := strings.Fields(line)
	if words[0] != "lakectl" {
		return "it is no command of lakectl"
	}
	v := frame.Find(Groups(), words[1:])
	if v.Run == nil {
		return "there is no such verb"
	}
	set := flag.NewFlagSet(v.Name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	for _, f := range v.AllFlags() {
		if err := f.Apply(set); err != nil {
			return err.Error()
		}
	}
	last := words[0]
	for len(words) > 0 && !strings.HasPrefix(words[0], "-") {
		last, words = words[0], words[1:]
	}
	if last != v.Name {
		return last + " is no verb"
	}
	if err := set.Parse(words); err != nil {
		return err.Error()
	}
	if set.NArg() > 0 {
		return "it has arguments that are no flags: " + strings.Join(set.Args(), " ")
	}
	return ""
}

// reportFields are the names of all fields that a bench reports.
func reportFields(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../bench/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v: %d files", err, len(files))
	}
	names := map[string]bool{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range regexp.MustCompile("`json:\"([a-z0-9_]+)").FindAllStringSubmatch(string(text), -1) {
			names[tag[1]] = true
		}
	}
	return names
}

func TestEachConstantNamesACommandThatThereIs(t *testing.T) {
	b, err := capacity.Default()
	if err != nil {
		t.Fatal(err)
	}
	fields, place := reportFields(t), regexp.MustCompile(`\[\d+\]$`)
	for _, c := range b {
		if c.Measured == nil {
			continue
		}
		if wrong := typed(c.Measured.Command); wrong != "" {
			t.Errorf("%s: %q: %s", c.Name, c.Measured.Command, wrong)
		}
		if !strings.HasPrefix(c.Measured.Command, "lakectl bench ") {
			t.Errorf("%s: %q measures nothing", c.Name, c.Measured.Command)
		}
		for _, part := range strings.Split(c.Measured.Field, ".") {
			if !fields[place.ReplaceAllString(part, "")] {
				t.Errorf("%s: no bench reports %s of %s", c.Name, part, c.Measured.Field)
			}
		}
	}
	for _, wrong := range []string{"lakehouse bench ingest", "lakectl bench nobody", "lakectl bench ingest --nobody 1", "lakectl bench ingest --rows many", "lakectl bench ingest 5"} {
		if typed(wrong) == "" {
			t.Errorf("%q passes", wrong)
		}
	}
}

func TestNumbersAreSaidInUnitsThatPeopleUse(t *testing.T) {
	for want, is := range map[string]string{
		"0":              quantity(0, ""),
		"12":             quantity(12, ""),
		"0.0123 s":       quantity(0.01234, "s"),
		"2m3s":           quantity(123.2, "s"),
		"3 hours":        quantity(10_800, "s"),
		"10 days":        quantity(864_000, "s"),
		"1,160,000 days": quantity(1e11, "s"),
		"999 B":          quantity(999, "bytes"),
		"1.02 kB/s":      quantity(1024, "bytes/s"),
		"3.22 PB":        quantity(3.217e15, "bytes"),
		"16,416 files":   quantity(16_416, "files"),
		"12,300 files":   quantity(12_345.6, "files"),
		"8.34 /day":      quantity(8.3402, "/day"),
		"1,000 files":    quantity(999.7, "files"),
		"1,000 MB":       quantity(999.7e6, "bytes"),
		"10,000 files":   quantity(9_999.6, "files"),
		"1e+20 files":    quantity(1e20, "files"),
	} {
		if is != want {
			t.Errorf("%q, want %q", is, want)
		}
	}
}
