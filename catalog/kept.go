package catalog

import "github.com/lakectl/lakectl/lake"

// kept are the tables that stand beside the figures: files that held what was erased, files that ingest need not read
// again, who may read the dashboard, and which process runs the jobs.
func kept() []lake.Spec {
	return []lake.Spec{
		table{
			name:    ErasedFiles,
			comment: "Data files that held rows which were erased, noted before the rows go: what a purge has to rewrite; no user ids.",
			columns: []column{
				may("table_name", text, "Table of the file."),
				may("file_path", text, "Path of the file below the place of its table; the whole address where it lies elsewhere."),
				may("rows", long, "Rows of it that went, or were to go."),
				may("snapshot_id", long, "Snapshot of the table with which they went; null where they may not have gone."),
				may("at", instant, "When it was noted; the delete names it in its summary, and steps of deletion_log may have the same."),
			},
		}.spec(),
		table{
			name:    Sources,
			comment: "Files that were archived to their end.",
			columns: []column{
				may("source", text, "Name that was given to the file, or hash of its content."),
				may("next_line", long, "Number of its lines."),
				may("finished_at", instant, "When it was finished."),
				may("listens_snapshot_id", long, "Snapshot of listens with its last rows."),
				may("listens_sequence", long, "Sequence number of that snapshot."),
			},
		}.spec(),
		table{
			name:    AccessTokens,
			comment: "Who may read the dashboard: tokens, sign-in links and sessions; of a token_id's rows one that says ended_as decides.",
			columns: []column{
				may("token_id", text, "Id by which it is listed and revoked."),
				may("kind", text, "What it is: token, link or session."),
				may("secret_hash", text, "SHA-256 of its secret, in hexadecimal digits; the secret itself is nowhere."),
				may("name", text, "What its maker called it."),
				may("scope_kind", text, "What it shows: artist, label or operator, who sees all."),
				may("scope_id", text, "Artist or label that it shows; null for an operator."),
				may("created_at", instant, "When it was made."),
				may("expires_at", instant, "From when on it is worth nothing; null is never."),
				may("from_token_id", text, "Link that a session was signed in with; null for one by OpenID Connect."),
				may("ended_at", instant, "When it was ended before it expired; null while it holds."),
				may("ended_as", text, "How: revoked, or used (a link, once); null while it holds."),
			},
		}.spec(),
		table{
			name:    RunLease,
			comment: "Which process runs the jobs, in the property " + LeaseProperty + "; it has no rows.",
			columns: []column{may("holder", text, "Never written.")},
		}.spec(),
	}
}
