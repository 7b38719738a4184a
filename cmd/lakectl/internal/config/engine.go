package config

import (
	"maps"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

// Use is what engine: trino means to a command.
type Use int

const (
	// ByTrino is for commands whose query, or all that reads listens or the ledger whole, is Trino's.
	ByTrino Use = iota + 1
	// WhereAsked is for a command whose way by Trino costs more than its own, or writes where its own does not. It
	// takes it where --engine trino is given, and not for engine: trino in the configuration.
	WhereAsked
	// Handed is for a command that starts others, which read the engine for themselves.
	Handed
	// ByDuckDB is for commands that have nothing for Trino: the engine makes no difference.
	ByDuckDB
	// Refused is for commands that would measure another engine than the one that is configured.
	Refused
)

// engines is what engine: trino means to every command that reads the configuration. Those that read what one period,
// one run or one listener has stay in DuckDB, as do those that prove what Trino did by a path of their own.
var engines = map[string]Use{
	"sql": ByTrino, "job rollup": ByTrino, "job royalties": ByTrino, "job deletions": ByTrino, "deletions reapply": ByTrino,

	"run": Handed,

	// Trino's files of the archive are half as large again as those merged here, and take it many times the CPU.
	"job maintain": WhereAsked,
	// The bench's own lake lies in a temporary folder; the one for Trino in the configured catalog, where it stays.
	"bench royalties": WhereAsked,

	"init": ByDuckDB, "config": ByDuckDB, "plan": ByDuckDB, "tag": ByDuckDB, "snapshots": ByDuckDB, "serve": ByDuckDB,
	"ingest": ByDuckDB, "ingest file": ByDuckDB, "ingest status": ByDuckDB,
	"quarantine list": ByDuckDB, "quarantine replay": ByDuckDB, "period close": ByDuckDB, "period status": ByDuckDB,
	"catalog serve": ByDuckDB, "catalog relocate": ByDuckDB, "catalog restore": ByDuckDB,
	"royalties show": ByDuckDB, "royalties diff": ByDuckDB, "royalties explain": ByDuckDB, "royalties export": ByDuckDB,
	"royalties reproduce": ByDuckDB,
	"deletions list":      ByDuckDB, "deletions show": ByDuckDB, "deletions plan": ByDuckDB, "deletions hold": ByDuckDB,
	"deletions release": ByDuckDB, "deletions withdraw": ByDuckDB, "deletions verify": ByDuckDB, "deletions export": ByDuckDB,
	"deletions opening": ByDuckDB, "deletions forget": ByDuckDB,
	"certificate key": ByDuckDB, "certificate rotate": ByDuckDB,
	"token create": ByDuckDB, "token link": ByDuckDB, "token list": ByDuckDB, "token revoke": ByDuckDB,
	"rules check": ByDuckDB, "rules apply": ByDuckDB, "rules list": ByDuckDB,
	"pools check": ByDuckDB, "pools apply": ByDuckDB, "pools list": ByDuckDB, "pools remove": ByDuckDB,
	"splits check": ByDuckDB, "splits apply": ByDuckDB, "splits list": ByDuckDB, "splits remove": ByDuckDB,
	"tracks check": ByDuckDB, "tracks load": ByDuckDB, "tracks list": ByDuckDB,

	// Their lakes are their own, and no catalog of Trino's leads there.
	"demo": ByDuckDB, "bench ingest": ByDuckDB, "bench load": ByDuckDB, "bench rollup": ByDuckDB, "bench commits": ByDuckDB,
	"bench committers": ByDuckDB, "bench metadata": ByDuckDB, "bench maintain": ByDuckDB, "bench serve": ByDuckDB,
	"bench freshness": ByDuckDB, "bench away": ByDuckDB,
	"bench deletions": Refused,
}

// Uses is what engine: trino means to every command, by its name without lakectl.
func Uses() map[string]Use { return maps.Clone(engines) }

// For is the configuration of a command: its engine is trino only where Trino computes for it.
func (c Config) For(verb string) (Config, error) {
	switch use := engines[verb]; {
	case c.Engine != "trino" || use == ByTrino:
	case use == WhereAsked && c.set["engine"].layer == fromFlag:
	case use == Refused:
		return c, usage.Errorf("set LAKEHOUSE_ENGINE=duckdb to measure DuckDB", "engine (%s) is trino, and lakectl %s measures DuckDB", c.set["engine"].origin, verb)
	default:
		c.Engine = "duckdb"
	}
	return c, nil
}
