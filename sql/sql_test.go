package sql_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/sql"
)

// statement is one file: its header without the dashes, on one line, and the text without comments.
type statement struct{ header, text string }

func statements(t *testing.T) map[string]statement {
	t.Helper()
	paths, err := filepath.Glob("*/*.sql")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d statements: %v", len(paths), err)
	}
	all := map[string]statement{}
	for _, path := range paths {
		name := filepath.ToSlash(strings.TrimSuffix(path, ".sql"))
		all[name] = parse(sql.Text(name))
	}
	return all
}

func parse(file string) statement {
	var s statement
	var header, text []string
	for line := range strings.Lines(file) {
		code, comment, commented := strings.Cut(strings.TrimRight(line, "\n"), "--")
		if commented {
			header = append(header, strings.TrimSpace(comment))
		}
		text = append(text, code)
	}
	s.header, s.text = strings.Join(header, " "), strings.Join(text, "\n")
	return s
}

// sources are the Go files of the repository, tests or the others.
func sources(t *testing.T, tests bool) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") != tests {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

var (
	parameter = regexp.MustCompile(`\$(\d+)`)
	span      = regexp.MustCompile(`\$(\d+) to \$(\d+)`)
)

// parameters are the numbers of a text's parameters; "$2 to $4" are three.
func parameters(t *testing.T, text string) []int {
	t.Helper()
	found := map[int]bool{}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, m := range parameter.FindAllStringSubmatch(text, -1) {
		found[number(m[1])] = true
	}
	for _, m := range span.FindAllStringSubmatch(text, -1) {
		for n := number(m[1]); n <= number(m[2]); n++ {
			found[n] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func TestHeaderSaysGrainAndParameters(t *testing.T) {
	t.Parallel()
	for name, s := range statements(t) {
		for _, fault := range headerFaults(t, s) {
			t.Errorf("%s.sql: %s", name, fault)
		}
	}
}

func headerFaults(t *testing.T, s statement) (faults []string) {
	t.Helper()
	if !strings.Contains(s.header, "Grain: ") {
		faults = append(faults, "no 'Grain: ' in the header: say what one row is")
	}
	named, used := parameters(t, s.header), parameters(t, s.text)
	if !slices.Equal(named, used) {
		faults = append(faults, fmt.Sprintf("the header names the parameters %v, the text has %v", named, used))
	}
	for i, n := range used {
		if n != i+1 {
			faults = append(faults, fmt.Sprintf("the parameters are %v: number them from 1 without gaps", used))
			break
		}
	}
	return faults
}

// A name in the source is a literal, so that a statement and its callers are found by searching for it.
func TestEveryStatementIsRunAndEveryNameHasItsFile(t *testing.T) {
	t.Parallel()
	all := statements(t)
	used := namesIn(all, sources(t, false))
	for name := range all {
		if !used[name] {
			t.Errorf("%s.sql: no Go source has %q, outside tests", name, name)
		}
	}
	for name := range namesIn(all, sources(t, false)+sources(t, true)) {
		if _, ok := all[name]; !ok {
			t.Errorf("%q in a Go source: there is no such file", name)
		}
	}
}

// namesIn are the literals that begin with a folder of statements.
func namesIn(all map[string]statement, source string) map[string]bool {
	folders := map[string]bool{}
	for name := range all {
		folder, _, _ := strings.Cut(name, "/")
		folders[folder] = true
	}
	names := map[string]bool{}
	literal := regexp.MustCompile(`"((?:` + strings.Join(slices.Sorted(maps.Keys(folders)), "|") + `)/[a-z0-9_]*(?:\.trino)?)"`)
	for _, m := range literal.FindAllStringSubmatch(source, -1) {
		names[m[1]] = true
	}
	return names
}

var (
	creates = regexp.MustCompile(`(?i)CREATE (?:OR REPLACE )?(?:TEMP )?(?:TABLE|VIEW) (?:IF NOT EXISTS )?([a-z_.]+)`)
	reads   = regexp.MustCompile(`Relations?: (.*?)\.(?: |$)`)
	aside   = regexp.MustCompile(` \([^()]*\)`)
	plain   = regexp.MustCompile(`^([a-z_]+\.)?[a-z_]+$`)
)

// What a header says to be read is made by a statement, or by Go under that very name.
func TestEveryRelationThatIsReadIsMade(t *testing.T) {
	t.Parallel()
	all, source := statements(t), sources(t, false)
	made := relationsMade(all)
	for name, s := range all {
		for _, relation := range relationsRead(s) {
			_, bare, _ := strings.Cut(relation, ".")
			switch {
			case !plain.MatchString(relation):
				t.Errorf("%s.sql: %q in the header is no name of a relation; put what is said of it into ( )", name, relation)
			case made[relation], made[bare], strings.Contains(source, `"`+relation+`"`), bare != "" && strings.Contains(source, `"`+bare+`"`):
			default:
				t.Errorf("%s.sql: nobody makes %s", name, relation)
			}
		}
	}
}

func relationsMade(all map[string]statement) map[string]bool {
	made := map[string]bool{}
	for _, s := range all {
		for _, m := range creates.FindAllStringSubmatch(s.text, -1) {
			made[m[1]] = true
			if _, bare, ok := strings.Cut(m[1], "."); ok {
				made[bare] = true
			}
		}
	}
	return made
}

func relationsRead(s statement) (names []string) {
	for _, m := range reads.FindAllStringSubmatch(aside.ReplaceAllString(s.header, "")+" ", -1) {
		names = append(names, strings.Split(m[1], ", ")...)
	}
	return names
}

// A rule that cannot fail holds nothing.
func TestFaultsOfHeadersAreFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file   string
		faults int
	}{
		"nothing wrong":       {"-- Days. Grain: one day. Parameters: $1 to $3 what is asked, $4 how many.\nSELECT $1, $2, $3, $4", 0},
		"no grain":            {"-- Days.\nSELECT 1", 1},
		"one is not named":    {"-- Days. Grain: one day. Parameters: $1 a.\nSELECT $1, $2", 1},
		"one is not used":     {"-- Days. Grain: one day. Parameters: $1 a, $2 b.\nSELECT $1", 1},
		"a gap":               {"-- Days. Grain: one day. Parameters: $1 a, $3 c.\nSELECT $1, $3", 1},
		"named in the middle": {"-- Days. Grain: one day.\nSELECT 1; -- Parameters: $1 a.\nSELECT $1", 0},
	} {
		if faults := headerFaults(t, parse(c.file)); len(faults) != c.faults {
			t.Errorf("%s: %q", name, faults)
		}
	}
	read := relationsRead(parse("-- Days. Grain: one day. Relations: main.days (of the week, all), hours.\n-- Parameters: none.\nSELECT 1"))
	if !slices.Equal(read, []string{"main.days", "hours"}) {
		t.Errorf("relations %q", read)
	}
	made := relationsMade(map[string]statement{"a": parse("CREATE OR REPLACE TABLE main.days AS SELECT 1; CREATE VIEW hours AS FROM minutes")})
	if !maps.Equal(made, map[string]bool{"main.days": true, "days": true, "hours": true}) {
		t.Errorf("made %v", made)
	}
}
