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
