package frame

import (
	"context"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
)

// VersionVerb prints what the binary is made of.
func VersionVerb() Verb {
	return Verb{
		Name:     "version",
		Short:    "Print the versions of lakectl and of what it is built on.",
		Long:     "The code version is the one that every royalty run records.",
		Examples: []string{"lakectl version", "lakectl --json version"},
		NoConfig: true,
		Text:     []Teller{Text(sayVersions)},
		Run:      func(context.Context, *Call) (any, error) { return ReadVersions(), nil },
	}
}

// Versions is what one binary is made of.
type Versions struct {
	Lakectl   string `json:"lakectl"`
	Go        string `json:"go"`
	DuckDB    string `json:"duckdb"`
	DuckDBGo  string `json:"duckdb_go"`
	IcebergGo string `json:"iceberg_go"`
	ArrowGo   string `json:"arrow_go"`
}

const notLinked = "not in this build"

// ReadVersions reads what the linker wrote into the binary.
func ReadVersions() Versions {
	v := Versions{Lakectl: "unknown", Go: "unknown", DuckDB: notLinked, DuckDBGo: notLinked, IcebergGo: notLinked, ArrowGo: notLinked}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Lakectl, v.Go = codeVersion(info), strings.TrimPrefix(info.GoVersion, "go")
	for _, m := range info.Deps {
		switch m.Path {
		case "github.com/duckdb/duckdb-go/v2":
			v.DuckDBGo, v.DuckDB = m.Version, engineVersion(m.Version)
		case "github.com/apache/iceberg-go":
			v.IcebergGo = m.Version
		case "github.com/apache/arrow-go/v18":
			v.ArrowGo = m.Version
		}
	}
	return v
}

// codeVersion names the source: the module's version, or the commit for a build
// from a checkout, marked where files were changed.
func codeVersion(info *debug.BuildInfo) string {
	version, dirty := info.Main.Version, ""
	if version != "" && version != "(devel)" {
		return version
	}
	version = "devel"
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			version = "devel-" + s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+changed"
		}
	}
	return version + dirty
}

// engineVersion reads the version of DuckDB out of the driver's: v2.10505.0 is
// DuckDB 1.5.5.
func engineVersion(driver string) string {
	parts := strings.Split(driver, ".")
	if len(parts) < 3 {
		return "unknown"
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%d.%d.%d", n/10000, n/100%100, n%100)
}

func sayVersions(p *Page, v Versions) {
	p.Say("lakectl %s, with Go %s and DuckDB %s", v.Lakectl, v.Go, v.DuckDB)
	p.Table("", []Column{{"library", 0}, {"version", 0}}, [][]Cell{
		{Word("duckdb-go"), Word(v.DuckDBGo)}, {Word("iceberg-go"), Word(v.IcebergGo)}, {Word("arrow-go"), Word(v.ArrowGo)},
	})
}
