package main

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// config is what a run is configured to do, checked. Packages never see it:
// verbs copy what a job needs into its Options.
type config struct {
	Catalog   catalogConfig
	Kafka     kafkaConfig
	Ingest    ingestConfig
	DuckDB    duckdbConfig
	Engine    string // duckdb or trino
	Trino     trinoConfig
	Retention retentionConfig
	Serve     serveConfig

	set map[string]setting // by key name: what decided its value
}

type catalogConfig struct {
	Type           string // sqlite, postgres or rest
	Name           string
	URI            secret // sqlite: the path of the database file
	Warehouse      string
	Mode           string // private or group
	S3             s3Config
	SubjectKeyFile string // "": the catalog package decides
}

type s3Config struct{ Endpoint, Region string }

type ingestConfig struct {
	FlushAge   time.Duration
	FlushRows  int64
	FlushBytes byteSize
	MaxAhead   time.Duration
	MaxLate    time.Duration

	MaxRefusedPercent int64
	MetricsAddr       string // "": none are served
}

type duckdbConfig struct {
	MemoryLimit   byteSize
	Threads       int64
	TempDirectory string
	SpillLimit    byteSize
	Verify        bool
}

type trinoConfig struct{ URL string }

type retentionConfig struct{ ArchiveSnapshots, Quarantine time.Duration }

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
	key    *configKey
	values []string // one, or the items of a list
	layer  layer
	origin string // the words for it in a message: "lakehouse.yaml line 4", "LAKEHOUSE_CATALOG_TYPE"
}

// loadConfig puts the layers on top of each other. file is the value of
// --config; "" leaves it to LAKEHOUSE_CONFIG, and without that no file is read.
func loadConfig(file string, env []string, flags []setting) (config, error) {
	variables, named, err := readEnviron(env)
	if err != nil {
		return config{}, err
	}
	if file == "" {
		file = named
	}
	var all []setting
	for i := range configKeys {
		if k := &configKeys[i]; k.def != "" {
			all = append(all, setting{key: k, values: []string{k.def}, layer: fromDefault, origin: "default"})
		}
	}
	if file != "" {
		settings, err := readConfigFile(file)
		if err != nil {
			return config{}, err
		}
		all = append(all, settings...)
	}
	all = append(append(all, variables...), flags...)

	c := config{set: map[string]setting{}}
	for _, s := range all {
		if err := s.apply(&c); err != nil {
			return config{}, err
		}
	}
	return c, c.check()
}

// apply parses the value into its field.
func (s setting) apply(c *config) error {
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
		return usagef("", "%s (%s) is %q; allowed: %s", s.key.name, s.origin, text, s.key.allowed())
	}
	if err := s.dropTwin(c); err != nil {
		return err
	}
	c.set[s.key.name] = s
	return nil
}

// dropTwin lets a secret and the file that holds it take the place of one
// another: the later layer decides, and one layer may not name both.
func (s setting) dropTwin(c *config) error {
	twin, isFile := strings.CutSuffix(s.key.name, "_file")
	if !isFile {
		twin += "_file"
	}
	other, ok := c.set[twin]
	if !ok {
		return nil
	}
	if other.layer == s.layer {
		return usagef("keep one of them", "%s (%s) and %s (%s) are both set", other.key.name, other.origin, s.key.name, s.origin)
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
	return usagef("take it out and "+howToSet(k), "%s (%s): a password may not stand in the configuration file", k.name, s.origin)
}

// check looks at keys that only make sense together.
func (c config) check() error {
	if s := c.set["engine"]; c.Engine == "trino" {
		return usagef("set engine to duckdb, or leave it out", "engine (%s) is trino: in this version duckdb computes", s.origin)
	}
	for i := range configKeys {
		if k := &configKeys[i]; k.idle != "" && c.setBy(k.name) > fromDefault {
			return usagef("take it out", "%s (%s) does nothing in this version: %s", k.name, c.set[k.name].origin, k.idle)
		}
	}
	if err := c.checkPaths(); err != nil {
		return err
	}
	if c.Catalog.Type != "sqlite" && c.setBy("catalog.uri") == fromDefault && c.setBy("catalog.uri_file") == fromDefault {
		return c.needs("catalog.uri", "catalog.type")
	}
	if err := c.checkServe(); err != nil {
		return err
	}
	return c.checkKafka()
}

// checkPaths refuses folders whose path is not UTF-8: neither the metadata of a table nor DuckDB can name a file there.
func (c config) checkPaths() error {
	paths := map[string]string{"catalog.warehouse": c.Catalog.Warehouse, "duckdb.temp_directory": c.DuckDB.TempDirectory}
	if c.Catalog.Type == "sqlite" {
		paths["catalog.uri"] = c.Catalog.URI.value
	}
	for _, key := range slices.Sorted(maps.Keys(paths)) {
		path, err := filepath.Abs(paths[key])
		if err == nil && (!utf8.ValidString(path) || strings.ContainsRune(path, 0)) {
			return usagef("rename the folder, or set "+key+" to one whose path is UTF-8", "%s is %q, which is not UTF-8: no table can lie there", key, path)
		}
	}
	return nil
}

// needs says that the value of key makes missing necessary.
func (c config) needs(missing, key string) error {
	s := c.set[key]
	return usagef(howToSet(keyByName(missing)), "%s is missing: %s (%s) is %s", missing, key, s.origin, strings.Join(s.values, ","))
}

// howToSet names the places where a value may stand, for a hint.
func howToSet(k *configKey) string {
	if hasKey(k.name + "_file") {
		return "set " + k.variable() + ", or " + k.name + "_file to a file that holds it"
	}
	return "set " + k.variable() + " or the key in the configuration file"
}

func (c config) setBy(key string) layer { return c.set[key].layer }

// flagSettings are the configuration keys that flags of this command line set.
func flagSettings(cc *cli.Context, keys []string) []setting {
	var settings []setting
	for _, name := range keys {
		if k := keyByName(name); cc.IsSet(k.flag) {
			settings = append(settings, setting{key: k, values: k.split(cc.String(k.flag)), layer: fromFlag, origin: dashes(k.flag)})
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
	byVariable := map[string]*configKey{}
	for i := range configKeys {
		k := &configKeys[i]
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
			best, _ := nearest(name, known)
			return nil, "", usagef("unset it, or rename it; 'lakectl help config' tells how keys become variables",
				"unknown variable %s; the nearest is %s", name, best)
		}
	}
	return settings, file, nil
}
