package reach

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/config"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

// configured is a call with the configuration that these variables make.
func configured(t *testing.T, env ...string) *frame.Call {
	t.Helper()
	p := frame.NewProgress(t.Output())
	log, err := frame.NewLog(p, "error")
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load("", env, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &frame.Call{Config: c, Log: log, Progress: p}
}

func TestAJobGetsTheConfiguredLake(t *testing.T) {
	dir := t.TempDir()
	c := configured(t, "LAKEHOUSE_CATALOG_URI="+filepath.Join(dir, "catalog.db"), "LAKEHOUSE_CATALOG_WAREHOUSE="+filepath.Join(dir, "warehouse"),
		"LAKEHOUSE_DUCKDB_TEMP_DIRECTORY="+filepath.Join(dir, "tmp"), "LAKEHOUSE_DUCKDB_THREADS=3", "LAKEHOUSE_DUCKDB_MEMORY_LIMIT=512MiB")
	options, err := CatalogOptions(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open.Init(context.Background(), options); err != nil {
		t.Fatal(err)
	}
	env, closeEnv, err := Env(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer closeEnv()
	if s, err := env.Snapshot(context.Background(), "listens"); err != nil || s.ID() != 0 {
		t.Errorf("got snapshot %d, %v", s.ID(), err)
	}
	if env.Duck.Threads != 3 || env.Duck.MemoryLimit == "" {
		t.Errorf("got %+v", env.Duck)
	}
	db, err := env.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatThisBuildCannotOpenIsAConfigurationError(t *testing.T) {
	key := filepath.Join(t.TempDir(), "subject.key")
	options, err := CatalogOptions(configured(t, "LAKEHOUSE_CATALOG_URI="+filepath.Join(filepath.Dir(key), "catalog.db")))
	if err != nil {
		t.Fatal(err)
	}
	options.Warehouse = filepath.Dir(key)
	if _, err := open.Init(context.Background(), options); err != nil {
		t.Fatal(err)
	}
	for _, env := range [][]string{
		{"LAKEHOUSE_CATALOG_URI=" + options.URI, "LAKEHOUSE_CATALOG_WAREHOUSE=gs://bucket/lake"},
		{"LAKEHOUSE_CATALOG_URI=" + options.URI, "LAKEHOUSE_CATALOG_WAREHOUSE=s3://bucket/lake", "LAKEHOUSE_CATALOG_S3_COPIES=" + filepath.Join(filepath.Dir(key), "copies")},
	} {
		_, _, err := Env(context.Background(), configured(t, append(env, "LAKEHOUSE_CATALOG_SUBJECT_KEY_FILE="+key)...))
		if frame.ExitCode(err) != frame.ExitUsage {
			t.Errorf("%s: got %v", env, err)
		}
	}
}
