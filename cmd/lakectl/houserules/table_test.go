package houserules

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rooms is ARCHITECTURE.md's table of packages.
type rooms struct {
	rows         map[string]room
	testsMayAdd  []string // what the tests of any package may import on top of its row
	unreadRows   []string
	doubledNames []string
}

// room is one row of it.
type room struct {
	reserved, testsOnly bool
	everything          bool // it may import all but what is for tests only
	mayImport           []string
}

var (
	roomRow  = regexp.MustCompile("^\\| `([^`]+)`( \\((reserved|tests only)\\))? \\| [^|]+ \\| (everything|(`[^`]+` ?)*) ?\\|$")
	roomName = regexp.MustCompile("`([^`]+)`")
)

const (
	roomsBegin  = "| folder | is | may import of ours |"
	testsMayAdd = "Tests may import on top of that: "
)

// readRooms reads the table out of the text of ARCHITECTURE.md.
func readRooms(text string) rooms {
	r := rooms{rows: map[string]room{}}
	_, text, _ = strings.Cut(text, roomsBegin+"\n")
	table, rest, _ := strings.Cut(text, "\n\n")
	for _, line := range strings.Split(table, "\n")[1:] {
		m := roomRow.FindStringSubmatch(line)
		if m == nil {
			r.unreadRows = append(r.unreadRows, line)
			continue
		}
		if _, twice := r.rows[m[1]]; twice {
			r.doubledNames = append(r.doubledNames, m[1])
		}
		r.rows[m[1]] = room{reserved: m[3] == "reserved", testsOnly: m[3] == "tests only", everything: m[4] == "everything", mayImport: names(m[4])}
	}
	if _, line, said := strings.Cut(rest, testsMayAdd); said {
		line, _, _ = strings.Cut(line, "\n")
		r.testsMayAdd = names(line)
	}
	return r
}

func names(text string) (list []string) {
	for _, m := range roomName.FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}

// judge says where the packages and the table do not agree. exists tells whether there is a file or folder.
func (r rooms) judge(all map[string]pkg, exists func(name string) bool) (faults []string) {
	say := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for _, row := range r.unreadRows {
		say("cannot read the row %q: want | `FOLDER` | WHAT IT IS | `IMPORT` ... |", row)
	}
	for _, name := range r.doubledNames {
		say("%s has two rows", name)
	}
	added := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if row, listed := r.rows[name]; listed {
			faults = append(faults, r.judgeImports(name, row, all[name], added)...)
		} else {
			say("%s is not in the table of ARCHITECTURE.md: write down what it is and may import", name)
		}
	}
	for _, name := range r.testsMayAdd {
		if !added[name] {
			say("no test imports %s beyond its package's row: take it out of the line below the table", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.rows)) {
		row := r.rows[name]
		_, isPackage := all[name]
		switch {
		case row.reserved && (isPackage || exists(name)):
			say("%s exists: take the word reserved out of its row", name)
		case !row.reserved && !isPackage:
			say("the table lists %s, which does not exist: take the row out", name)
		}
		for _, i := range row.mayImport {
			if _, listed := r.rows[i]; !listed {
				say("%s may import %s, which is no row of the table", name, i)
			}
		}
	}
	return faults
}

// judgeImports holds one package against its row and notes in added what only its tests import.
func (r rooms) judgeImports(name string, row room, p pkg, added map[string]bool) (faults []string) {
	may := func(i string) bool {
		return slices.Contains(row.mayImport, i) || row.everything && !r.rows[i].testsOnly
	}
	used := map[string]bool{}
	for _, i := range ours(p.Imports) {
		if used[i] = true; !may(i) {
			faults = append(faults, fmt.Sprintf("%s may not import %s: jobs meet in tables, jobs/chain runs them in turn", name, i))
		}
	}
	for _, i := range ours(append(p.TestImports, p.XTestImports...)) {
		switch {
		case i == name:
		case slices.Contains(r.testsMayAdd, i): // so it is no use of the row
			added[i] = added[i] || !may(i)
		case may(i):
			used[i] = true
		default:
			faults = append(faults, fmt.Sprintf("the tests of %s may not import %s", name, i))
		}
	}
	for _, i := range row.mayImport {
		if !used[i] {
			faults = append(faults, fmt.Sprintf("%s does not import %s: take the permission out of its row", name, i))
		}
	}
	return faults
}

func TestPackagesImportWhatArchitectureSays(t *testing.T) {
	texts := files(t)
	r := readRooms(texts["ARCHITECTURE.md"])
	if len(r.rows) == 0 {
		t.Fatalf("ARCHITECTURE.md has no table that begins with %q", roomsBegin)
	}
	exists := func(name string) bool {
		at, err := os.Stat("../../../" + name)
		if err == nil && at.IsDir() { // a room below it may be built first
			files, _ := filepath.Glob("../../../" + name + "/*.go")
			return len(files) > 0
		}
		return err == nil
	}
	for _, fault := range r.judge(packages(t), exists) {
		t.Error(fault)
	}
}

// small is a table and the packages that agree with it.
func small() (text string, all map[string]pkg) {
	text = "# Rooms\n\n" + roomsBegin + "\n|---|---|---|\n" +
		"| `lake` | ground | |\n| `jobs/a` | a job | `lake` |\n| `lake/test` (tests only) | lakes | `lake` |\n| `cmd` | verbs | everything |\n| `jobs/b` (reserved) | to come | `lake` |\n\n" +
		testsMayAdd + "`lake/test`\n"
	imports := func(list ...string) (paths []string) {
		for _, i := range list {
			paths = append(paths, module+"/"+i)
		}
		return paths
	}
	return text, map[string]pkg{
		"lake": {}, "lake/test": {Imports: imports("lake")}, "cmd": {Imports: imports("jobs/a", "lake")},
		"jobs/a": {Imports: imports("lake"), XTestImports: imports("jobs/a", "lake/test")},
	}
}

func TestTableAndCodeThatDisagreeAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		row, by  string // replaced in the table
		of, also string // a package that imports one more
		exists   string
		want     []string
	}{
		"they agree":                  {},
		"an import too many":          {of: "lake", also: "jobs/a", want: []string{"lake may not import jobs/a"}},
		"an import of the tests":      {of: "cmd", also: "lake/test", want: []string{"cmd may not import lake/test"}},
		"a permission nobody uses":    {row: "| ground | |", by: "| ground | `cmd` |", want: []string{"lake does not import cmd"}},
		"an addition nobody uses":     {row: "that: `lake/test`", by: "that: `lake/test` `cmd`", want: []string{"no test imports cmd"}},
		"a permission for tests only": {row: "a job | `lake`", by: "a job | `lake` `lake/test`", want: []string{"jobs/a does not import lake/test"}},
		"a package without a row":     {of: "jobs/c", want: []string{"jobs/c is not in the table"}},
		"a row without a package":     {row: "| `cmd` |", by: "| `jobs/gone` | was | |\n| `cmd` |", want: []string{"lists jobs/gone, which does not exist"}},
		"a permission for nothing":    {row: "to come | `lake`", by: "to come | `lakes`", want: []string{"jobs/b may import lakes, which is no row"}},
		"a reserved package":          {of: "jobs/b", also: "lake", want: []string{"jobs/b exists"}},
		"a reserved file":             {exists: "jobs/b", want: []string{"jobs/b exists"}},
		"two rows":                    {row: "| `cmd` |", by: "| `lake` | again | |\n| `cmd` |", want: []string{"lake has two rows"}},
		"a row that cannot be read":   {row: "| ground | |", by: "| ground |", want: []string{"cannot read the row \"| `lake` | ground |\"", "lake is not in the table", "may import lake, which is no row"}},
		"a mark that does not exist":  {row: "(reserved)", by: "(planned)", want: []string{"cannot read the row \"| `jobs/b` (planned)"}},
		"imports that are no names":   {row: "a job | `lake`", by: "a job | `lake` and below", want: []string{"cannot read the row \"| `jobs/a`"}},
		"a test's import not allowed": {row: "that: `lake/test`", by: "that:", want: []string{"the tests of jobs/a may not import lake/test"}},
	} {
		t.Run(name, func(t *testing.T) {
			text, all := small()
			if c.row != "" && !strings.Contains(text, c.row) {
				t.Fatalf("the table has no %q", c.row)
			}
			text = strings.Replace(text, c.row, c.by, 1)
			if c.of != "" {
				p := all[c.of]
				if c.also != "" {
					p.Imports = append(slices.Clone(p.Imports), module+"/"+c.also)
				}
				all[c.of] = p
			}
			faults := readRooms(text).judge(all, func(name string) bool { return name == c.exists })
			if len(c.want) == 0 && len(faults) > 0 {
				t.Errorf("found %q where nothing is wrong", faults)
			}
			for _, want := range c.want {
				if !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, want) }) {
					t.Errorf("%q does not say %q", faults, want)
				}
			}
		})
	}
}
