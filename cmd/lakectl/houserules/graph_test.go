package houserules

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/lakectl/lakectl"

// mayImport is the whole dependency graph of our packages. "*" is every package
// but those only tests may use.
var mayImport = map[string]string{
	"sql":           "",
	"lake/listen":   "",
	"lake":          "",
	"lake/duck":     "lake",
	"lake/relocate": "lake",
	"catalog":       "lake",
	"catalog/open":  "catalog lake lake/relocate",

	"jobs":                   "lake lake/duck lake/listen",
	"jobs/topic":             "",
	"jobs/ingest":            "jobs jobs/topic catalog lake lake/duck lake/listen sql",
	"jobs/rollup":            "jobs catalog lake lake/duck lake/listen sql",
	"jobs/royalty/terms":     "lake lake/duck",
	"jobs/royalty":           "jobs jobs/royalty/terms catalog lake lake/duck lake/listen sql",
	"jobs/royalty/statement": "jobs jobs/royalty catalog lake lake/duck sql",
	"jobs/erase":             "jobs catalog lake lake/duck lake/listen sql",
	"jobs/audit":             "jobs catalog lake lake/duck lake/listen sql",
	"jobs/maintain":          "jobs catalog lake lake/duck sql",
	"jobs/simulate":          "",

	"cmd/lakectl":            "*",
	"cmd/lakectl/houserules": "",

	"catalog/laketest": "jobs jobs/topic catalog catalog/open lake lake/duck lake/listen sql",
}

// testsMayAdd is what the tests of any package may import on top.
var testsMayAdd = []string{"catalog", "catalog/open", "jobs/simulate", "lake", "catalog/laketest"}

// onlyInTests must never be part of a binary.
var onlyInTests = []string{"catalog/laketest"}

// pkg is what go list tells about one package.
type pkg struct {
	ImportPath, Name, Doc              string
	GoFiles                            []string
	Imports, TestImports, XTestImports []string
}

// packages lists ours by their path inside the module.
func packages(t *testing.T) map[string]pkg {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Doc,GoFiles,Imports,TestImports,XTestImports", module+"/...")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	list := map[string]pkg{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list[inside(p.ImportPath)] = p
	}
}

func inside(importPath string) string { return strings.TrimPrefix(importPath, module+"/") }

// ours keeps the imports that are packages of this module.
func ours(imports []string) (list []string) {
	for _, i := range imports {
		if strings.HasPrefix(i, module+"/") {
			list = append(list, inside(i))
		}
	}
	return list
}

func TestPackagesImportOnlyWhatTheGraphAllows(t *testing.T) {
	all := packages(t)
	for name, p := range all {
		row, listed := mayImport[name]
		if !listed {
			t.Errorf("%s is not in mayImport: write down what it may import", name)
			continue
		}
		allowed := strings.Fields(row)
		may := func(i string) bool {
			return slices.Contains(allowed, i) || row == "*" && !slices.Contains(onlyInTests, i)
		}
		for _, i := range ours(p.Imports) {
			if !may(i) {
				t.Errorf("%s may not import %s: jobs meet in tables, cmd/lakectl chains them", name, i)
			}
		}
		for _, i := range ours(append(p.TestImports, p.XTestImports...)) {
			if !may(i) && i != name && !slices.Contains(testsMayAdd, i) {
				t.Errorf("the tests of %s may not import %s", name, i)
			}
		}
	}
	for name := range mayImport {
		if _, exists := all[name]; !exists {
			t.Errorf("mayImport lists %s, which does not exist: take the row out", name)
		}
	}
}

// A job is given tables that are open. Whoever imports one to run it elsewhere links no database that way.
func TestJobsLinkNoDatabaseDriver(t *testing.T) {
	drivers := []string{"github.com/jackc/pgx/", "modernc.org/sqlite"}
	out, err := exec.Command("go", "list", "-deps", module+"/jobs/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 100 {
		t.Fatalf("go list names %d packages, which cannot be all", len(deps))
	}
	for _, dep := range deps {
		if slices.ContainsFunc(drivers, func(d string) bool { return strings.HasPrefix(dep, d) }) {
			t.Errorf("a job links %s <- what opens a database belongs into catalog/open", dep)
		}
	}
}

func TestPackagesHaveACommentAndANameThatSaysSomething(t *testing.T) {
	banned := []string{"util", "utils", "common", "helper", "helpers", "types", "misc", "base"}
	for name, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment: say what it reads, writes and keeps true", name)
		}
		if slices.Contains(banned, p.Name) || slices.Contains(banned, path.Base(name)) {
			t.Errorf("%s <- name it after what it is responsible for", name)
		}
	}
}
