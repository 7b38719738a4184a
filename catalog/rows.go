package catalog

import "time"

// Place is where a record came from. Unique for one archived copy.
type Place struct {
	Topic     string `col:"source_topic"` // or file
	Partition int64  `col:"source_partition"`
	Offset    int64  `col:"source_offset"` // or line
}

// RefusedRow is a row of quarantine. What became of the record is written later, by a replay.
type RefusedRow struct {
	Raw          []byte     `col:"raw"`
	Reason       string     `col:"reason"`
	Detail       string     `col:"detail,null"`
	ReceivedTime time.Time  `col:"received_time"`
	UserID       string     `col:"user_id,null"`
	EventTime    *time.Time `col:"event_time"`
	Place
	SourceTime *time.Time `col:"source_time"` // that the log gave the record
	Outcome    *string    `col:"outcome"`
	OutcomeAt  *time.Time `col:"outcome_at"`
}

// RequestRow is a row of deletion_requests.
type RequestRow struct {
	RequestID    string     `col:"request_id"`
	Subject      string     `col:"subject"`
	UserID       string     `col:"user_id,null"`
	RequestedAt  time.Time  `col:"requested_at"`
	ReceivedTime time.Time  `col:"received_time"`
	From         *time.Time `col:"from"`
	To           *time.Time `col:"to"`
	Reason       string     `col:"reason,null"`
	Place
}

// StepRow is a row of deletion_log: one step of one request. Package erase says which columns a state fills.
type StepRow struct {
	RequestID string    `col:"request_id"`
	State     string    `col:"state"`
	At        time.Time `col:"at"`
	Place
	Listens            int64  `col:"listens"`
	Quarantine         int64  `col:"quarantine"`
	ListensCounted     int64  `col:"listens_counted"`
	ListensDuplicates  int64  `col:"listens_duplicates"`
	ListensSnapshotID  int64  `col:"listens_snapshot_id,null"`
	LedgerSnapshotID   int64  `col:"ledger_snapshot_id,null"`
	Days               string `col:"days,null"`
	Periods            string `col:"periods,null"`
	LedgerRowsByPeriod string `col:"ledger_rows,null"`
	PlaysErased        string `col:"plays_erased,null"`
	Why                string `col:"why,null,later"` // of held and withdrawn; free text
}

// ErasedRow is a row of erased_files: a data file that held rows which were erased. Package book says what is noted
// when.
type ErasedRow struct {
	Table      string    `col:"table_name"`
	Path       string    `col:"file_path"`
	Rows       int64     `col:"rows"`
	SnapshotID int64     `col:"snapshot_id,null"`
	At         time.Time `col:"at"`
}

// RunRow is a row of royalty_runs: what one run read and made for one month. Snapshot ids are 0 for an empty table.
type RunRow struct {
	RunID                 string    `col:"run_id"`
	Period                string    `col:"period"`
	Cause                 string    `col:"cause"`
	StartedAt             time.Time `col:"started_at"`
	FinishedAt            time.Time `col:"finished_at"`
	Engine                string    `col:"engine"`
	CodeVersion           string    `col:"code_version"`
	ListensSnapshotID     int64     `col:"listens_snapshot_id"`
	LedgerSnapshotID      int64     `col:"ledger_snapshot_id"`
	DuplicatesSnapshotID  int64     `col:"duplicates_snapshot_id"`
	Positions             string    `col:"positions"`
	RulesVersion          int64     `col:"rules_version"`
	PoolsVersion          int64     `col:"pools_version"`
	LinesSnapshotID       int64     `col:"lines_snapshot_id"`
	PayoutsSnapshotID     int64     `col:"payouts_snapshot_id"`
	RowsRead              int64     `col:"rows_read"`
	Duplicates            int64     `col:"duplicates"`
	PayloadConflicts      int64     `col:"payload_conflicts"`
	OtherUsers            int64     `col:"other_users"`
	Lines                 int64     `col:"lines"`
	Listens               int64     `col:"listens"`
	QualifiedListens      int64     `col:"qualified_listens"`
	Undistributed         string    `col:"undistributed"` // JSON
	Checksum              string    `col:"checksum"`
	RulesSnapshotID       int64     `col:"rules_snapshot_id"`
	PoolsSnapshotID       int64     `col:"pools_snapshot_id"`
	SplitsVersion         int64     `col:"splits_version"`
	SplitsSnapshotID      int64     `col:"splits_snapshot_id"`
	SharesSnapshotID      int64     `col:"shares_snapshot_id"`
	AdjustmentsSnapshotID int64     `col:"adjustments_snapshot_id"`
	ClosedVersion         int64     `col:"closed_version"`
	ListensCommittedAt    time.Time `col:"listens_committed_at"`
	Replays               int64     `col:"replays"`
	PostedRunID           string    `col:"posted_run_id,null"`
	SettledRunID          string    `col:"settled_run_id,null"`
	ListensSequence       int64     `col:"listens_sequence,later"`
}

// RuleRow is a row of royalty_rules: one rule of one version.
type RuleRow struct {
	Version       int64      `col:"version"`
	AppliedAt     time.Time  `col:"applied_at"`
	Position      int        `col:"position"`
	ID            string     `col:"id"`
	TrackID       string     `col:"track_id,null"`
	ArtistID      string     `col:"artist_id,null"`
	Country       string     `col:"country,null"`
	Tier          string     `col:"tier,null"`
	Device        string     `col:"device,null"`
	EffectiveFrom *time.Time `col:"effective_from"`
	EffectiveTo   *time.Time `col:"effective_to"`
	Counts        bool       `col:"counts"`
	MinMsPlayed   int64      `col:"min_ms_played"`
	MinFractionE4 int64      `col:"min_fraction_e4"`
}

// PoolRow is a row of royalty_pools. A month whose pools are taken back has nothing but itself.
type PoolRow struct {
	Version     int64     `col:"version"`
	AppliedAt   time.Time `col:"applied_at"`
	Period      string    `col:"period"`
	Country     string    `col:"country,null"`
	Tier        string    `col:"tier,null"`
	Currency    string    `col:"currency,null"`
	AmountMinor *int64    `col:"amount_minor"`
}

// SplitRow is a row of royalty_splits. A track whose splits are taken back has nothing but itself.
type SplitRow struct {
	Version       int64      `col:"version"`
	AppliedAt     time.Time  `col:"applied_at"`
	TrackID       string     `col:"track_id"`
	Party         *string    `col:"party"`
	Role          *string    `col:"role"`
	BasisPoints   *int64     `col:"basis_points"`
	EffectiveFrom *time.Time `col:"effective_from"`
	EffectiveTo   *time.Time `col:"effective_to"`
}

// CloseRow is a row of royalty_closes.
type CloseRow struct {
	Period   string    `col:"period"`
	Version  int64     `col:"version"`
	ClosedAt time.Time `col:"closed_at"`
	ClosedBy string    `col:"closed_by"`
	RunID    string    `col:"run_id"`
	Tag      string    `col:"tag"`
	Checksum string    `col:"checksum"`
	Missing  string    `col:"missing"`
	Pinned   string    `col:"pinned"`
}

// TrackRow is a row of tracks.
type TrackRow struct {
	TrackID    string     `col:"track_id"`
	Title      string     `col:"title,null"`
	ArtistName string     `col:"artist_name,null"`
	LabelID    string     `col:"label_id,null"`
	LabelName  string     `col:"label_name,null"`
	ISRC       string     `col:"isrc,null"`
	ValidFrom  *time.Time `col:"valid_from"`
	ValidTo    *time.Time `col:"valid_to"`
}

// SourceRow is a row of sources: a file that was read to its end.
type SourceRow struct {
	Source            string    `col:"source"`
	NextLine          int64     `col:"next_line"`
	FinishedAt        time.Time `col:"finished_at"`
	ListensSnapshotID int64     `col:"listens_snapshot_id,later"`
	ListensSequence   int64     `col:"listens_sequence,later"`
}

// AccessRow is a row of access_tokens: a token, sign-in link or session as it was made, or as it ended.
type AccessRow struct {
	TokenID     string     `col:"token_id"`
	Kind        string     `col:"kind"`
	SecretHash  string     `col:"secret_hash"`
	Name        string     `col:"name,null"`
	ScopeKind   string     `col:"scope_kind"`
	ScopeID     string     `col:"scope_id,null"`
	CreatedAt   time.Time  `col:"created_at"`
	ExpiresAt   *time.Time `col:"expires_at"`
	FromTokenID string     `col:"from_token_id,null"`
	EndedAt     *time.Time `col:"ended_at"`
	EndedAs     string     `col:"ended_as,null"`
}
