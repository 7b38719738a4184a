package config

import (
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/jobs/schedule"
)

const prefix = "LAKEHOUSE_"

// day is the unit of retentions, in nanoseconds.
const day = int64(24 * time.Hour)

// secrecy says how a value may be written down.
type secrecy int

const (
	public        secrecy = iota
	mayHoldSecret         // a URI: in the file without a password only, never shown with one
	isSecret              // never in the file, never shown
)

// Key is one key of the configuration. Its place in the file is its name,
// its variable follows from the name, its kind from the type of its field.
type Key struct {
	name    string
	def     string // as it would be typed; "" for none
	about   string
	field   func(*Config) any // *string, *[]string, *bool, *int64, *ByteSize or *time.Duration
	flag    string            // of the verbs that list the key in verb.Keys
	oneOf   []string
	least   int64             // smallest number, bytes or nanoseconds allowed
	most    int64             // largest; 0 for no limit
	why     string            // there is a largest
	form    func(string) bool // of a string or of each item of a list
	shape   string            // what form allows, in words
	example string            // an allowed value, for messages; the default where empty
	secrecy secrecy
}

// keys are in the order in which help has them.
var keys = slices.Concat(catalogKeys, []Key{
	{
		name: "kafka.brokers", def: "127.0.0.1:9092", about: "brokers to start from, host:port", flag: "brokers", form: isBroker,
		field: func(c *Config) any { return &c.Kafka.Brokers },
	},
	{
		name: "kafka.topic", def: "listens", about: "the topic with listens and deletion requests", flag: "topic", form: isTopic, shape: "letters, digits, dots, - and _, at most 249, such as listens",
		field: func(c *Config) any { return &c.Kafka.Topic },
	},
	{
		name: "kafka.group", def: "lakectl", about: "consumer group whose members share the partitions", flag: "group",
		field: func(c *Config) any { return &c.Kafka.Group },
	},
	{
		name: "kafka.session_timeout", def: "10s", about: "a member that is silent this long loses its partitions", least: int64(time.Second), most: int64(30 * time.Minute),
		field: func(c *Config) any { return &c.Kafka.SessionTimeout },
	},
	{
		name: "kafka.tls.enabled", def: "false", about: "speak TLS to the brokers; any other kafka.tls key turns it on too",
		field: func(c *Config) any { return &c.Kafka.TLS.Enabled },
	},
	{
		name: "kafka.tls.ca_file", about: "PEM file with the authorities to trust instead of the system's", example: "./ca.pem",
		field: func(c *Config) any { return &c.Kafka.TLS.CAFile },
	},
	{
		name: "kafka.tls.cert_file", about: "PEM file with the client's certificate", example: "./client.pem",
		field: func(c *Config) any { return &c.Kafka.TLS.CertFile },
	},
	{
		name: "kafka.tls.key_file", about: "PEM file with the key of that certificate", example: "./client.key",
		field: func(c *Config) any { return &c.Kafka.TLS.KeyFile },
	},
	{
		name: "kafka.sasl.mechanism", about: "how to log in to the brokers", oneOf: []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"},
		field: func(c *Config) any { return &c.Kafka.SASL.Mechanism },
	},
	{
		name: "kafka.sasl.username", about: "who logs in", example: "lakectl",
		field: func(c *Config) any { return &c.Kafka.SASL.Username },
	},
	{
		name: "kafka.sasl.password", about: "only as a variable, or in kafka.sasl.password_file", secrecy: isSecret,
		field: func(c *Config) any { return &c.Kafka.SASL.Password.value },
	},
	{
		name: "kafka.sasl.password_file", about: "file that holds the password", example: "/run/secrets/kafka-password",
		field: func(c *Config) any { return &c.Kafka.SASL.Password.file },
	},

	{
		name: "ingest.flush_age", def: "15s", about: "commit records that waited this long", least: 1, most: int64(24 * time.Hour), why: "what waits lies in memory",
		field: func(c *Config) any { return &c.Ingest.FlushAge },
	},
	{
		name: "ingest.flush_rows", def: "1000000", about: "commit at this many rows", flag: "flush-rows", least: 1, most: 100_000_000, why: "the rows of a commit lie in memory",
		field: func(c *Config) any { return &c.Ingest.FlushRows },
	},
	{
		name: "ingest.flush_bytes", def: "256MiB", about: "commit at this much of the topic", least: 1, most: 64 << 30, why: "the rows of a commit lie in memory",
		field: func(c *Config) any { return &c.Ingest.FlushBytes },
	},
	{
		name: "ingest.max_ahead", def: "1h", about: "refuse a listen whose clock is further ahead than this", most: 365 * day, why: "a clock that is further off is wrong",
		field: func(c *Config) any { return &c.Ingest.MaxAhead },
	},
	{
		name: "ingest.max_late", def: "365d", about: "refuse a listen that is later than this", least: 1, most: 36500 * day, why: "no listen is older than a century",
		field: func(c *Config) any { return &c.Ingest.MaxLate },
	},
	{
		name: "ingest.max_refused_percent", def: "90", about: "stop when a larger share of the records is refused; 100 never stops", least: 1, most: 100,
		field: func(c *Config) any { return &c.Ingest.MaxRefusedPercent },
	},
	{
		name: "ingest.metrics_addr", about: "where to serve Prometheus metrics, under /metrics; nowhere by default", flag: "metrics-addr", form: isHostPort, example: "127.0.0.1:9464",
		field: func(c *Config) any { return &c.Ingest.MetricsAddr },
	},

	{
		name: "duckdb.memory_limit", def: "1GiB", about: "memory for queries before they spill to disk", flag: "memory-limit", least: 64 << 20, most: 64 << 40, why: "no machine has more",
		field: func(c *Config) any { return &c.DuckDB.MemoryLimit },
	},
	{
		name: "duckdb.threads", def: "2", about: "threads for queries", flag: "threads", least: 1, most: 256, why: "each thread takes memory of its own, and starting thousands takes minutes",
		field: func(c *Config) any { return &c.DuckDB.Threads },
	},
	{
		name: "duckdb.temp_directory", def: "./lakehouse/tmp", about: "where queries spill to",
		field: func(c *Config) any { return &c.DuckDB.TempDirectory },
	},
	{
		name: "duckdb.spill_limit", def: "32GiB", about: "most that one job may spill; at the limit it fails and leaves the rest of the disk alone", flag: "spill-limit", least: 64 << 20, most: 1 << 60, why: "no disk has more",
		field: func(c *Config) any { return &c.DuckDB.SpillLimit },
	},
	{
		name: "duckdb.verify", def: "true", about: "check what jobs read against the hashes that it was written with; false only to measure what the check costs",
		field: func(c *Config) any { return &c.DuckDB.Verify },
	},

	{
		name: "rollup.state_directory", about: "where this machine remembers the listens of the last 48 hours, so that the dashboard shows a copy once; it may be lost; folder recent beside duckdb.temp_directory without it", example: "/var/lib/lakectl/recent",
		field: func(c *Config) any { return &c.Rollup.StateDirectory },
	},

	{
		name: "engine", def: "duckdb", about: "what answers 'sql', and what reads listens or the ledger whole for the jobs rollup, royalties and deletions; all else is the same with both", flag: "engine", oneOf: []string{"duckdb", "trino"},
		field: func(c *Config) any { return &c.Engine },
	},
}, trinoKeys, []Key{
	{
		name: "retention.archive_snapshots", def: "7d", about: "how long old snapshots of the archive can be read", least: 1, most: 36500 * day, why: "what is kept for ever needs a tag",
		field: func(c *Config) any { return &c.Retention.ArchiveSnapshots },
	},
	{
		name: "retention.quarantine", def: "30d", about: "how long refused records are kept; whole days go, and their files within retention.archive_snapshots after that", least: day, most: 36500 * day, why: "no listen is older than a century",
		field: func(c *Config) any { return &c.Retention.Quarantine },
	},
	{
		name: "retention.hours", def: "14d", about: "for how long the dashboard has hours; days are kept for ever", least: day, most: 36500 * day, why: "what is older has days",
		field: func(c *Config) any { return &c.Retention.Hours },
	},

	{
		name: "orphans.grace", def: "24h", about: "how old a file must be that nothing refers to before it is deleted; a commit refuses files older than half of it", least: int64(time.Hour), most: 36500 * day, why: "what is kept for ever needs no sweep",
		field: func(c *Config) any { return &c.Orphans.Grace },
	},
	{
		name: "deletions.delay", def: "0s", about: "how old a deletion request must be before anything is done for it; until then it can be withdrawn", most: 3650 * day, why: "what is longer needs a hold",
		field: func(c *Config) any { return &c.Deletions.Delay },
	},
	{
		name: "erasure.deadline", def: "30d", about: "after its arrival in which a deletion request has to be carried out; shown beside each", least: int64(time.Hour), most: 3650 * day, why: "nobody waits longer",
		field: func(c *Config) any { return &c.Erasure.Deadline },
	},
	{
		name: "maintain.target_file_size", def: "256MiB", about: "small files of the archive become files of this size", least: 64 << 10, most: 8 << 30, why: "engines read a file in parts of this size at most",
		field: func(c *Config) any { return &c.Maintain.TargetFileSize },
	},
	{
		name: "maintain.budget", def: "4GiB", about: "how much of the archive one maintenance rewrites", least: 1, most: 64 << 40, why: "the next one goes on",
		field: func(c *Config) any { return &c.Maintain.Budget },
	},
	{
		name: "maintain.minutes", def: "5", about: "after how many minutes a maintenance begins no new file", least: 1, most: 1440, why: "the next one goes on",
		field: func(c *Config) any { return &c.Maintain.Minutes },
	},

	{
		name: "schedule.ingest", def: "always", about: "whether 'lakectl run' reads the topic", oneOf: []string{"always", "off"},
		field: func(c *Config) any { return &c.Schedule.Ingest },
	},
	{
		name: "schedule.rollup", def: "snapshot", about: "when the dashboard's tables are brought up to date", form: isRollupSchedule, shape: rollupShape,
		field: func(c *Config) any { return &c.Schedule.Rollup },
	},
	{
		name: "schedule.deletions", def: "1m", about: "when deletion requests are carried out", form: isSchedule, shape: schedule.Shape,
		field: func(c *Config) any { return &c.Schedule.Deletions },
	},
	{
		name: "schedule.royalties", def: "03:00", about: "when royalties are computed", form: isSchedule, shape: schedule.Shape,
		field: func(c *Config) any { return &c.Schedule.Royalties },
	},
	{
		name: "schedule.true_up", def: "04:00", about: "when the dashboard is compared with what counts", form: isSchedule, shape: schedule.Shape,
		field: func(c *Config) any { return &c.Schedule.TrueUp },
	},
	{
		name: "schedule.maintain", def: "15m", about: "when the snapshots of all tables are thinned and orphans deleted", form: isSchedule, shape: schedule.Shape,
		field: func(c *Config) any { return &c.Schedule.Maintain },
	},
	{
		name: "run.memory_limit", def: "3GiB", about: "memory of all processes of 'lakectl run' together", least: 768 << 20, most: 64 << 40, why: "no machine has more",
		field: func(c *Config) any { return &c.Run.MemoryLimit },
	},

	{
		name: "serve.addr", def: "127.0.0.1:8080", about: "where the dashboard listens", flag: "addr", form: isHostPort,
		field: func(c *Config) any { return &c.Serve.Addr },
	},
	{
		name: "serve.public_url", about: "address under which browsers reach the dashboard, without a path, when it is not serve.addr", flag: "public-url", form: isOrigin, example: "https://plays.example.com",
		field: func(c *Config) any { return &c.Serve.PublicURL },
	},
	{
		name: "serve.catalog_addr", def: "127.0.0.1:8181", about: "where the read-only Iceberg REST catalog listens", flag: "addr", form: isHostPort,
		field: func(c *Config) any { return &c.Serve.CatalogAddr },
	},
	{
		name: "serve.requests_per_second", def: "50", about: "requests of each artist and label; four times as many at once", least: 1, most: 1_000_000, why: "more than a machine answers",
		field: func(c *Config) any { return &c.Serve.Limits.RequestsPerSecond },
	},
	{
		name: "serve.operator_requests_per_second", def: "2000", about: "requests of all operators together; twice as many at once", least: 1, most: 1_000_000, why: "more than a machine answers",
		field: func(c *Config) any { return &c.Serve.Limits.OperatorRequestsPerSecond },
	},
	{
		name: "serve.tls.cert_file", about: "PEM file with the certificate of the dashboard and the catalog; renewed without a restart", example: "./cert.pem",
		field: func(c *Config) any { return &c.Serve.TLS.CertFile },
	},
	{
		name: "serve.tls.key_file", about: "PEM file with the key of that certificate", example: "./key.pem",
		field: func(c *Config) any { return &c.Serve.TLS.KeyFile },
	},
	{
		name: "serve.oidc.issuer", about: "issuer of OpenID Connect tokens that are taken, exactly as they name it", form: isHTTP, example: "https://id.example.com",
		field: func(c *Config) any { return &c.Serve.OIDC.Issuer },
	},
	{
		name: "serve.oidc.audience", about: "audience that a bearer token of the issuer must be for", example: "plays",
		field: func(c *Config) any { return &c.Serve.OIDC.Audience },
	},
	{
		name: "serve.oidc.artist_claim", about: "claim whose value is the id of the artist that a token shows", example: "artist_id",
		field: func(c *Config) any { return &c.Serve.OIDC.ArtistClaim },
	},
	{
		name: "serve.oidc.label_claim", about: "claim whose value is the id of the label that a token shows", example: "label_id",
		field: func(c *Config) any { return &c.Serve.OIDC.LabelClaim },
	},
	{
		name: "serve.oidc.operator_claim", about: "claim that has serve.oidc.operator_value, alone or in a list, where a token shows everything", example: "groups",
		field: func(c *Config) any { return &c.Serve.OIDC.OperatorClaim },
	},
	{
		name: "serve.oidc.operator_value", def: "true", about: "what serve.oidc.operator_claim has for an operator",
		field: func(c *Config) any { return &c.Serve.OIDC.OperatorValue },
	},
	{
		name: "serve.oidc.client_id", about: "id of the dashboard at the issuer; with it browsers sign in there", example: "lakectl",
		field: func(c *Config) any { return &c.Serve.OIDC.ClientID },
	},
	{
		name: "serve.oidc.client_secret", about: "only as a variable, or in serve.oidc.client_secret_file", secrecy: isSecret,
		field: func(c *Config) any { return &c.Serve.OIDC.ClientSecret.value },
	},
	{
		name: "serve.oidc.client_secret_file", about: "file that holds the secret of the dashboard at the issuer", example: "/run/secrets/oidc-secret",
		field: func(c *Config) any { return &c.Serve.OIDC.ClientSecret.file },
	},
})

// KeyByName returns a key that the program names itself; a name that is not in
// the table is a mistake in the program.
func KeyByName(name string) *Key {
	if i := keyIndex(name); i >= 0 {
		return &keys[i]
	}
	panic("no configuration key " + name)
}

func hasKey(name string) bool { return keyIndex(name) >= 0 }

func keyIndex(name string) int {
	return slices.IndexFunc(keys, func(k Key) bool { return k.name == name })
}

// variable is the name of the environment variable that sets the key.
func (k *Key) variable() string {
	return prefix + strings.ToUpper(strings.ReplaceAll(k.name, ".", "_"))
}

// FlagName is the name of the flag that sets the key.
func (k *Key) FlagName() string { return k.flag }

// AsFlag is the flag that sets the key. Its value is parsed with the rest of the
// configuration, so it is a string to the library whatever the kind.
func (k *Key) AsFlag() cli.Flag {
	usage := k.about + " [$" + k.variable() + "]"
	if k.def != "" {
		usage = k.about + " (default: " + k.def + ") [$" + k.variable() + "]"
	}
	return &cli.StringFlag{Name: k.flag, Usage: usage}
}
