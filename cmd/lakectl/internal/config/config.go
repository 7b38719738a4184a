package config

import (
	"cmp"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

// Config is what a run is configured to do, checked. Packages never see it:
// verbs copy what a job needs into its Options.
type Config struct {
	Catalog   Catalog
	Kafka     Kafka
	Ingest    Ingest
	DuckDB    DuckDB
	Rollup    Rollup
	Engine    string // duckdb or trino
	Trino     Trino
	Retention Retention
	Orphans   Orphans
	Deletions Deletions
	Erasure   Erasure
	Maintain  Maintain
	Schedule  Schedule
	Run       Run
	Serve     Serve

	set map[string]setting // by key name: what decided its value
}

// Catalog is where the tables are named.
type Catalog struct {
	Type           string // sqlite, postgres or rest
	Name           string
	URI            Secret // sqlite: the path of the database file
	Warehouse      string
	Mode           string // private or group
	Rest           Rest
	S3             S3
	SubjectKeyFile string // "": the catalog package decides
	CertificateDir string // "": beside the subject key
}

// Rest is how to log in to a REST catalog.
type Rest struct {
	Warehouse         string
	Token, Credential Secret
	AuthURI, Scope    string
}

// S3 is how to reach a warehouse that is no folder.
type S3 struct {
	Endpoint, Region, PathStyle string

	Copies      string // folder
	CopiesLimit ByteSize
	WholeBelow  ByteSize // files below it are copied whole
}

// Ingest is when an ingester commits, what it refuses and where it shows metrics.
type Ingest struct {
	FlushAge   time.Duration
	FlushRows  int64
	FlushBytes ByteSize
	MaxAhead   time.Duration
	MaxLate    time.Duration

	MaxRefusedPercent int64
	MetricsAddr       string // "": none are served
}

// DuckDB is what queries may use of the machine.
type DuckDB struct {
	MemoryLimit   ByteSize
	Threads       int64
	TempDirectory string
	SpillLimit    ByteSize
	Verify        bool
}

// Rollup is where the rollup keeps what it remembers.
type Rollup struct{ StateDirectory string } // "": beside the folder of DuckDB

// RecentFolder is where the rollup remembers which listens came lately.
func (c Config) RecentFolder() string {
	return cmp.Or(c.Rollup.StateDirectory, filepath.Join(filepath.Dir(c.DuckDB.TempDirectory), "recent"))
}

// Retention is how long things are kept.
type Retention struct{ ArchiveSnapshots, Quarantine, Hours time.Duration }

// Orphans says when a file that nothing refers to may go.
type Orphans struct{ Grace time.Duration }

// Deletions is how deletion requests are carried out.
type Deletions struct{ Delay time.Duration }

// Erasure is what deletion requests are held to.
type Erasure struct{ Deadline time.Duration }

// Maintain is how the files of the archive are compacted.
type Maintain struct {
	TargetFileSize, Budget ByteSize
	Minutes                int64
}

// layer says where a value comes from; later ones win.
type layer int

const (
	fromDefault layer = iota
	fromFile
	fromVariable
	fromFlag
)

// setting is one value for one key, not yet parsed.
type setting struct {
	key    *Key
	values []string // one, or the items of a list
	layer  layer
	origin string // the words for it in a message: "lakehouse.yaml line 4", "LAKEHOUSE_CATALOG_TYPE"
}

// Load puts the layers on top of each other. file is the value of
// --config; "" leaves it to LAKEHOUSE_CONFIG, and without that no file is read.
func Load(file string, env []string, flags []setting) (Config, error) {
	variables, named, err := readEnviron(env)
	if err != nil {
		return Config{}, err
	}
	if file == "" {
		file = named
	}
	var all []setting
	for i := range keys {
		if k := &keys[i]; k.def != "" {
			all = append(all, setting{key: k, values: []string{k.def}, layer: fromDefault, origin: "default"})
		}
	}
	if file != "" {
		settings, err := readConfigFile(file)
		if err != nil {
			return Config{}, err
		}
		all = append(all, settings...)
	}
	all = append(append(all, variables...), flags...)

	c := Config{set: map[string]setting{}}
	for _, s := range all {
		if err := s.apply(&c); err != nil {
			return Config{}, err
		}
	}
	return c, c.check()
}

// apply parses the value into its field.
func (s setting) apply(c *Config) error {
	if s.layer == fromFile {
		if err := s.checkInFile(); err != nil {
			return err
		}
	}
	if !s.key.parse(s.key.field(c), s.values) {
		text := strings.Join(s.values, ",")
		if s.key.secrecy != public {
			text = "(not shown)"
		}
		return usage.Errorf("", "%s (%s) is %q; allowed: %s", s.key.name, s.origin, text, s.key.allowed())
	}
	if err := s.dropTwin(c); err != nil {
		return err
	}
	c.set[s.key.name] = s
	return nil
}

// dropTwin lets a secret and the file that holds it take the place of one
// another: the later layer decides, and one layer may not name both.
func (s setting) dropTwin(c *Config) error {
	twin, isFile := strings.CutSuffix(s.key.name, "_file")
	if !isFile {
		twin += "_file"
	}
	other, ok := c.set[twin]
	if !ok {
		return nil
	}
	if other.layer == s.layer {
		return usage.Errorf("keep one of them", "%s (%s) and %s (%s) are both set", other.key.name, other.origin, s.key.name, s.origin)
	}
	other.key.clear(c)
	delete(c.set, twin)
	return nil
}

// checkInFile refuses secrets in a file that gets copied, mailed and committed.
func (s setting) checkInFile() error {
	k := s.key
	if k.secrecy == public || k.secrecy == mayHoldSecret && !holdsPassword(strings.Join(s.values, "")) {
		return nil
	}
	return usage.Errorf("take it out and "+howToSet(k), "%s (%s): a password may not stand in the configuration file", k.name, s.origin)
}

// check looks at keys that only make sense together.
func (c Config) check() error {
	if err := c.checkTrino(); err != nil {
		return err
	}
	if err := c.checkPaths(); err != nil {
		return err
	}
	if c.Catalog.Type != "sqlite" && c.setBy("catalog.uri") == fromDefault && c.setBy("catalog.uri_file") == fromDefault {
		return c.needs("catalog.uri", "catalog.type")
	}
	if err := c.checkRest(); err != nil {
		return err
	}
	if err := c.checkServe(); err != nil {
		return err
	}
	return c.checkKafka()
}

// checkRest refuses two logins at once, and keys of another kind of catalog or warehouse.
func (c Config) checkRest() error {
	r := c.Catalog.Rest
	if r.Token.isSet() && r.Credential.isSet() {
		return usage.Errorf("keep one of them", "catalog.rest.token and catalog.rest.credential are both set")
	}
	for _, key := range slices.Sorted(maps.Keys(c.set)) {
		if s := c.set[key]; strings.HasPrefix(key, "catalog.rest.") && s.layer > fromDefault && c.Catalog.Type != "rest" {
			return usage.Errorf("take it out, or set catalog.type to rest", "%s (%s) is for a REST catalog, and catalog.type is %s", key, s.origin, c.Catalog.Type)
		}
		if s := c.set[key]; strings.HasPrefix(key, "catalog.s3.") && s.layer > fromDefault && !strings.HasPrefix(c.Catalog.Warehouse, "s3://") {
			return usage.Errorf("take it out, or set catalog.warehouse to s3://BUCKET/PREFIX", "%s (%s) is for a warehouse on S3, and catalog.warehouse is a folder", key, s.origin)
		}
	}
	return nil
}

// checkPaths refuses folders whose path is not UTF-8: neither the metadata of a table nor DuckDB can name a file there.
func (c Config) checkPaths() error {
	paths := map[string]string{"catalog.warehouse": c.Catalog.Warehouse, "duckdb.temp_directory": c.DuckDB.TempDirectory}
	if c.Catalog.Type == "sqlite" {
		paths["catalog.uri"] = c.Catalog.URI.value
	}
	for _, key := range slices.Sorted(maps.Keys(paths)) {
		path, err := filepath.Abs(paths[key])
		if err == nil && (!utf8.ValidString(path) || strings.ContainsRune(path, 0)) {
			return usage.Errorf("rename the folder, or set "+key+" to one whose path is UTF-8", "%s is %q, which is not UTF-8: no table can lie there", key, path)
		}
	}
	return nil
}

// needs says that the value of key makes missing necessary.
func (c Config) needs(missing, key string) error {
	s := c.set[key]
	return usage.Errorf(howToSet(KeyByName(missing)), "%s is missing: %s (%s) is %s", missing, key, s.origin, strings.Join(s.values, ","))
}

// howToSet names the places where a value may stand, for a hint.
func howToSet(k *Key) string {
	if hasKey(k.name + "_file") {
		return "set " + k.variable() + ", or " + k.name + "_file to a file that holds it"
	}
	return "set " + k.variable() + " or the key in the configuration file"
}

func (c Config) setBy(key string) layer { return c.set[key].layer }

// FlagSettings are the configuration keys that flags of this command line set.
func FlagSettings(cc *cli.Context, names []string) []setting {
	var settings []setting
	for _, name := range names {
		if k := KeyByName(name); cc.IsSet(k.flag) {
			settings = append(settings, setting{key: k, values: k.split(cc.String(k.flag)), layer: fromFlag, origin: usage.Dashes(k.flag)})
		}
	}
	return settings
}

// serviceLink matches variables that container platforms invent for a service
// named lakehouse or lakehouse-something; they are nobody's typing mistake.
var serviceLink = regexp.MustCompile(`(^|_)(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT|PORT_\d+_(TCP|UDP)(_.*)?)$`)

// readEnviron picks the variables of configuration keys out of env, and the name
// of the file. A variable set to nothing counts as not set, as in compose files.
func readEnviron(env []string) (settings []setting, file string, err error) {
	known := []string{prefix + "CONFIG", prefix + "LOG_LEVEL"}
	byVariable := map[string]*Key{}
	for i := range keys {
		k := &keys[i]
		byVariable[k.variable()] = k
		known = append(known, k.variable())
	}
	for _, entry := range slices.Sorted(slices.Values(env)) {
		name, value, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, prefix)
		k := byVariable[name]
		switch {
		case !ours || value == "" || name == prefix+"LOG_LEVEL":
		case name == prefix+"CONFIG":
			file = value
		case k != nil:
			settings = append(settings, setting{key: k, values: k.split(value), layer: fromVariable, origin: name})
		case !serviceLink.MatchString(rest):
			best, _ := usage.Nearest(name, known)
			return nil, "", usage.Errorf("unset it, or rename it; 'lakectl help config' tells how keys become variables",
				"unknown variable %s; the nearest is %s", name, best)
		}
	}
	return settings, file, nil
}
