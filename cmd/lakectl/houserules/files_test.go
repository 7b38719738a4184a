package houserules

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	maxFileLines = 400
	maxSQLLines  = 3
)

// files returns the text of every file of the repository that is tracked or
// about to be, by its path.
func files(t *testing.T) map[string]string {
	t.Helper()
	top, err := exec.Command("git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		t.Skipf("no git checkout here, so there is no list of files: %v", err)
	}
	root := strings.TrimSpace(string(top))
	out, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	texts, dirs := map[string]string{}, map[string]bool{}
	for _, name := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(text, 0) < 0 {
			texts[name] = string(text)
		}
		dirs[filepath.Dir(filepath.Join(root, name))] = true
	}
	// go test reuses a result as long as the files and folders it saw the test
	// open are the same; what git and go list read it does not see.
	for dir := range dirs {
		if _, err := os.ReadDir(dir); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return texts
}

func TestLongFilesSayWhy(t *testing.T) {
	reason := regexp.MustCompile(`(?m)^// long: \S`)
	for name, text := range files(t) {
		if lines := strings.Count(text, "\n"); strings.HasSuffix(name, ".go") && lines > maxFileLines && !reason.MatchString(text) {
			t.Errorf("%s has %d lines: split it by concept, or say why not in a line '// long: REASON'", name, lines)
		}
	}
}

// maxComment is how wide a line with nothing but a comment is at most, in columns; a tab is four. What is laid out by
// hand (behind a tab) may be wider.
const maxComment = 120

func TestCommentsAreOfOneWidth(t *testing.T) {
	comment := regexp.MustCompile(`(?m)^[ \t]*(//|--)[^\t\n].*$`)
	for name, text := range files(t) {
		if path.Ext(name) != ".go" && path.Ext(name) != ".sql" {
			continue
		}
		for _, line := range comment.FindAllString(text, -1) {
			if n := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    ")); n > maxComment {
				t.Errorf("%s: a comment is %d columns wide, at most %d are: %s", name, n, maxComment, line)
			}
		}
	}
}

// banned are words that do not belong into the repository, each with what to do
// instead.
var banned = []struct{ pattern, instead string }{
	{`\bTODO\b`, "finish it or leave it out"},
	{`\bFIXME\b`, "fix it"},
	{`(?i)\brobust`, "say what it withstands"},
	{`(?i)\bcomprehensive`, "say what it covers"},
	{`(^|[^\w.$}])/work/`, "name no place of one machine"},
	{`(^|[^\w.$}/])/tmp/`, "use a temporary directory that is made for the run"},
	{`\bshared/|\b(SPEC|DESIGN)\.md\b`, "say it here; the repository stands alone"},
	{`(?i)\bissue 3\b`, "say what it is about"},
	{
		`\b(proxy\.golang\.org|sum\.golang\.org|pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|crates\.io|repo1?\.maven\.(org|apache\.org))\b`,
		"leave the choice of a package registry to the environment",
	},
}

// opening is how a package comment begins: what the package is, then three steps of what to call, in which order.
var opening = regexp.MustCompile(`\A(// .+\n)+//\n// # Use\n//\n//  1\. (.+\n)+//  2\. (.+\n)+//  3\. `)

func TestEachDocSaysWhatToCallFirst(t *testing.T) {
	for name, text := range files(t) {
		if path.Base(name) == "doc.go" && !opening.MatchString(text) {
			t.Errorf("%s <- after its first paragraph, say under '# Use' in three numbered lines what to call, in which order", name)
		}
	}
	for _, wrong := range []string{
		"// Package a is.\npackage a", "// Package a is.\n//\n// # Use\n//\n//  1. Call.\n//  2. Close.\npackage a",
		"// Package a is.\n//\n// # Why\n//\n// So.\n//\n// # Use\n//\n//  1. A.\n//  2. B.\n//  3. C.\npackage a",
	} {
		if opening.MatchString(wrong) {
			t.Errorf("%q passes", wrong)
		}
	}
}

func TestNoFileHoldsBannedWords(t *testing.T) {
	for name, text := range files(t) {
		if name == "go.sum" || strings.HasSuffix(name, "houserules/files_test.go") {
			continue
		}
		for _, b := range banned {
			re := regexp.MustCompile(b.pattern)
			for i, line := range strings.Split(text, "\n") {
				if word := re.FindString(line); word != "" {
					t.Errorf("%s:%d: %q <- %s", name, i+1, strings.TrimSpace(word), b.instead)
				}
			}
		}
	}
}

var statement = regexp.MustCompile(`(?is)\bSELECT\b.*\bFROM\b`)

func TestSQLLivesInItsFolder(t *testing.T) {
	for name, text := range files(t) {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "sql/") || strings.HasPrefix(name, "lake/duck/") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.BasicLit)
			if ok && s.Kind == token.STRING && strings.Count(s.Value, "\n") >= maxSQLLines && statement.MatchString(s.Value) {
				t.Errorf("%s: a statement of over %d lines <- put it into sql/JOB/NAME.sql", set.Position(s.Pos()), maxSQLLines)
			}
			return true
		})
	}
}

// Methods of the DB that take SQL have names that end in Text. Jobs run files of package sql by name, through a
// session.
func TestJobsHandNoSQLToDuckDB(t *testing.T) {
	raw := regexp.MustCompile(`\.(Exec|Query|Each|One|Positions)Text(Rows)?\(`)
	var seen int
	for name, text := range files(t) {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || !raw.MatchString(text) {
			continue
		}
		seen++
		if dir := filepath.Dir(name); dir != "lake/duck" && dir != "catalog/laketest" && name != "jobs/session.go" {
			t.Errorf("%s: %s <- make it sql/JOB/NAME.sql and run it by name", name, raw.FindString(text))
		}
	}
	if seen < 2 {
		t.Error("the rule looks for methods that are not called so")
	}
}

// An id of a snapshot uses all 63 bits; what reads a JSON number as a double rounds it.
func TestSnapshotIDsAreStringsInJSON(t *testing.T) {
	number := regexp.MustCompile(`int64\s+` + "`" + `json:"([a-z_]*_)?snapshot_ids?(,omit[a-z]+)?"`)
	for name, text := range files(t) {
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		if found := number.FindString(text); found != "" {
			t.Errorf("%s: %s <- add the option string, or make a list a lake.SnapshotIDs", name, found)
		}
	}
}

// Another engine may rename a column of ours. Package lake finds it by its id, all others through lake.Table.Column.
func TestNobodyFindsColumnsByTheNamesTheyHaveNow(t *testing.T) {
	byName := regexp.MustCompile(`\b(FindFieldByName|FindFieldByNameCaseInsensitive|FindColumnName)\(`)
	for name, text := range files(t) {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || filepath.Dir(name) == "lake" {
			continue
		}
		if found := byName.FindString(text); found != "" {
			t.Errorf("%s: %s <- use lake.Table.Column", name, found)
		}
	}
}
