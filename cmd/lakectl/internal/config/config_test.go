package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

// anotherValue is a value other than the default for each key that takes more
// than any text.
var anotherValue = map[string]string{
	"catalog.type": "postgres", "catalog.mode": "group", "kafka.topic": "plays", "catalog.s3.endpoint": "http://s3:9000", "catalog.s3.path_style": "true", "catalog.s3.copies_limit": "1GiB", "catalog.s3.copies_whole_below": "1MiB", "catalog.rest.auth_uri": "https://auth/token", "kafka.brokers": "a:1,b:2", "kafka.tls.enabled": "true",
	"kafka.sasl.mechanism": "PLAIN", "ingest.flush_age": "1m", "ingest.flush_rows": "5", "ingest.flush_bytes": "1GiB",
	"ingest.max_ahead": "0s", "ingest.metrics_addr": "127.0.0.1:9464", "ingest.max_late": "1d12h", "duckdb.memory_limit": "4GB", "duckdb.threads": "8", "duckdb.spill_limit": "64GiB", "duckdb.verify": "true", "engine": "trino",
	"kafka.session_timeout": "20s", "ingest.max_refused_percent": "50", "trino.url": "http://trino:8080", "trino.standstill": "1h", "retention.archive_snapshots": "2d", "retention.quarantine": "1d", "retention.hours": "30d", "orphans.grace": "2d", "deletions.delay": "2d", "erasure.deadline": "20d", "maintain.target_file_size": "64MiB", "maintain.budget": "1GiB", "maintain.minutes": "9", "serve.addr": "[::1]:80", "serve.catalog_addr": "[::1]:81",
	"schedule.ingest": "off", "schedule.rollup": "30s", "schedule.deletions": "5m", "schedule.royalties": "02:15", "schedule.true_up": "off", "schedule.maintain": "1h", "run.memory_limit": "6GiB",
	"serve.public_url": "https://plays.example.com", "serve.requests_per_second": "5", "serve.operator_requests_per_second": "9", "serve.oidc.issuer": "https://id.example.com",
}

func TestEveryKeyCanBeSetInEveryPlace(t *testing.T) {
	for i := range keys {
		k := &keys[i]
		value := anotherValue[k.name]
		if value == "" {
			value = "some text"
		}
		fromVariable := Config{set: map[string]setting{}}
		settings, _, err := readEnviron([]string{k.variable() + "=" + value})
		if err != nil || len(settings) != 1 {
			t.Fatalf("%s: %v, %v", k.name, settings, err)
		}
		if err := settings[0].apply(&fromVariable); err != nil {
			t.Fatal(err)
		}
		var empty Config
		if cmp.Equal(k.field(&fromVariable), k.field(&empty)) && k.name != "ingest.max_ahead" {
			t.Errorf("%s: the variable set nothing", k.name)
		}
		if k.secrecy == isSecret {
			continue
		}
		fromFile := Config{set: map[string]setting{}}
		read, err := readConfigFile(writeConfig(t, nested(k.name, value)))
		if err != nil || len(read) != 1 {
			t.Fatalf("%s: %v, %v", k.name, read, err)
		}
		if err := read[0].apply(&fromFile); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(k.field(&fromVariable), k.field(&fromFile)); diff != "" {
			t.Errorf("%s: variable and file differ: %s", k.name, diff)
		}
	}
}

// nested writes a dotted name as sections of a file.
func nested(name, value string) string {
	section, rest, ok := strings.Cut(name, ".")
	if !ok {
		return name + ": '" + value + "'"
	}
	return section + ": {" + nested(rest, value) + "}"
}

func writeConfig(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lakehouse.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaultsAreWhatTheDocumentationSays(t *testing.T) {
	c, err := Load("", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.set = nil
	want := Config{
		Catalog: Catalog{
			Type: "sqlite", Name: "lake", Mode: "private", URI: Secret{value: "./lakehouse/catalog.db"}, Warehouse: "./lakehouse/warehouse",
			Rest: Rest{Scope: "catalog"}, S3: S3{Copies: "./lakehouse/copies", CopiesLimit: 20 << 30, WholeBelow: 16 << 20},
		},
		Kafka:     Kafka{Brokers: []string{"127.0.0.1:9092"}, Topic: "listens", Group: "lakectl", SessionTimeout: 10 * time.Second},
		Maintain:  Maintain{TargetFileSize: 256 << 20, Budget: 4 << 30, Minutes: 5},
		Ingest:    Ingest{FlushAge: 15 * time.Second, FlushRows: 1_000_000, FlushBytes: 256 << 20, MaxAhead: time.Hour, MaxLate: 365 * 24 * time.Hour, MaxRefusedPercent: 90},
		DuckDB:    DuckDB{MemoryLimit: 1 << 30, Threads: 2, TempDirectory: "./lakehouse/tmp", SpillLimit: 32 << 30, Verify: true},
		Engine:    "duckdb",
		Trino:     Trino{Catalog: "lake", User: "lakectl", Standstill: 10 * time.Minute},
		Retention: Retention{ArchiveSnapshots: 7 * 24 * time.Hour, Quarantine: 30 * 24 * time.Hour, Hours: 14 * 24 * time.Hour},
		Orphans:   Orphans{Grace: 24 * time.Hour},
		Erasure:   Erasure{Deadline: 30 * 24 * time.Hour},
		Schedule:  Schedule{Ingest: "always", Rollup: "snapshot", Deletions: "1m", Royalties: "03:00", TrueUp: "04:00", Maintain: "15m"},
		Run:       Run{MemoryLimit: 3 << 30},
		Serve:     Serve{Addr: "127.0.0.1:8080", CatalogAddr: "127.0.0.1:8181", OIDC: OIDC{OperatorValue: "true"}, Limits: Limits{RequestsPerSecond: 50, OperatorRequestsPerSecond: 2000}},
	}
	if diff := cmp.Diff(want, c, cmp.AllowUnexported(Config{}, Secret{})); diff != "" {
		t.Fatal(diff)
	}
}

func TestPathsThatAreNotUTF8AreRefused(t *testing.T) {
	for _, key := range []string{"CATALOG_WAREHOUSE", "CATALOG_URI", "DUCKDB_TEMP_DIRECTORY", "CATALOG_SUBJECT_KEY_FILE"} {
		_, err := Load("", []string{"LAKEHOUSE_" + key + "=lake\xff/x"}, nil)
		if !usage.Is(err) || !strings.Contains(err.Error(), "LAKEHOUSE_"+key) {
			t.Errorf("%s: %v", key, err)
		}
	}
	dir := filepath.Join(t.TempDir(), "w\xe4")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Skipf("this file system has no such names: %v", err)
	}
	t.Chdir(dir)
	_, err := Load("", nil, nil)
	if !usage.Is(err) || !strings.Contains(err.Error(), "not UTF-8") {
		t.Errorf("a working directory: %v", err)
	}
}

func TestSizesAndDurations(t *testing.T) {
	for text, want := range map[string]ByteSize{"0B": 0, "1KiB": 1024, "256MiB": 256 << 20, "2GB": 2e9, "8388607TiB": 8388607 << 40, "3 MB": 3e6} {
		if got, ok := parseSize(text); !ok || got != want {
			t.Errorf("%s: got %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "5", "MiB", "-1MiB", "1.5GiB", "8388608TiB", "99999999999999999999B", "1mib"} {
		if got, ok := parseSize(text); ok {
			t.Errorf("%s: got %d", text, got)
		}
	}
	for size, want := range map[ByteSize]string{0: "0B", 1000: "1KB", 1024: "1KiB", 256 << 20: "256MiB", 1025: "1025B"} {
		if got := size.String(); got != want {
			t.Errorf("%d: got %s, want %s", size, got, want)
		}
	}
	for text, want := range map[string]time.Duration{"15s": 15 * time.Second, "7d": 168 * time.Hour, "1d12h": 36 * time.Hour, "0s": 0, "1h30m": 90 * time.Minute} {
		if got, ok := ParseDuration(text); !ok || got != want {
			t.Errorf("%s: got %s, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "15", "d", "-1h", "1d-1h", "106752d", "106751d24h", "1.5d", "1h1d", "7days"} {
		if got, ok := ParseDuration(text); ok {
			t.Errorf("%s: got %s", text, got)
		}
	}
}

func TestPasswordsAreFoundInConnectionStrings(t *testing.T) {
	for uri, want := range map[string]bool{
		"./lakehouse/catalog.db": false, "postgres://u@db:5432/lake": false, "postgres://u:p@db/lake": true, "postgres://u:p%%w@db/lake": true,
		"host=db user=u": false, "host=db PASSWORD = x": true, "postgres://db/lake?password=x": true, "postgres://db/lake?sslmode=require": false,
	} {
		if got := holdsPassword(uri); got != want {
			t.Errorf("%s: got %v", uri, got)
		}
	}
}

func TestASecretFileLosesItsLineEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(" p w \r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := (Secret{file: path}).Read(); err != nil || got != " p w " {
		t.Fatalf("got %q, %v", got, err)
	}
	if _, err := (Secret{file: path + ".gone"}).Read(); !usage.Is(err) {
		t.Fatalf("got %v", err)
	}
}

func TestTLSIsOnWhenAnyKeyAsksForIt(t *testing.T) {
	if conf, err := (TLS{}).Load(); conf != nil || err != nil {
		t.Fatalf("got %v, %v", conf, err)
	}
	if conf, err := (TLS{Enabled: true}).Load(); conf == nil || err != nil {
		t.Fatalf("got %v, %v", conf, err)
	}
	if _, err := (TLS{CAFile: writeConfig(t, "no certificate")}).Load(); err == nil {
		t.Fatal("took a file without a certificate")
	}
	_, err := Load(writeConfig(t, "kafka: {tls: {enabled: false, ca_file: x}}"), nil, nil)
	if !usage.Is(err) {
		t.Fatalf("got %v", err)
	}
}

// FuzzConfigFile: whatever a file holds, the answer is a configuration or a usage error.
func FuzzConfigFile(f *testing.F) {
	for _, text := range []string{
		"", "# only a comment", "null", "[]", "a: &a {b: *a}", "? {a: b}\n: c", "kafka: {<<: {topic: x}}", "engine: !!binary x",
		"kafka: {brokers: [[a]]}", "kafka: {brokers: []}", "1: 2", "engine: \"\"", "---\n---\n", "engine: |\n  duckdb\n", "kafka:\n", "\xff", "{", "%YAML 9",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "lakehouse.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path, nil, nil)
		if err != nil && (!usage.Is(err) || strings.Contains(err.Error(), "\n")) {
			t.Fatalf("got %v", err)
		}
	})
}
