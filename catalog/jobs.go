package catalog

// Names of the jobs, in the commits and the data files that each makes. Others compare them, so a name never changes.
const (
	// IngestJob marks what brings records from topics and files, ReplayJob what brings refused records back.
	IngestJob = "ingest"
	ReplayJob = "replay"
	// RollupJob marks the commits on plays_by_hour.
	RollupJob = "rollup"
	// RulesJob, PoolsJob, SplitsJob and TracksJob mark the versions of what files say.
	RulesJob  = "rules"
	PoolsJob  = "pools"
	SplitsJob = "splits"
	TracksJob = "tracks"
	// AccessJob marks who may read the dashboard.
	AccessJob = "access"
	// MaintainJob marks what takes days out of quarantine whose time has passed.
	MaintainJob = "maintain"
)

// RoyaltiesJob marks the commits of the royalties job. A ledger whose newest change is by another job is
// unsettled: rows of it were erased, and copies that may take their place are not counted yet.
const RoyaltiesJob = "royalties"

// RemovalsJob marks the commits on the ledger tables with which the royalties job takes out rows whose archived copy
// another engine deleted or changed. Like after an erasure, copies that may take their place are not counted yet.
const RemovalsJob = "removals"

// DeletionsJob marks the commits of the deletions job, which add no rows to the archive.
const DeletionsJob = "deletions"
