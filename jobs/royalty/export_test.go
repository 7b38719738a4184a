package royalty

import "github.com/lakectl/lakectl/jobs/royalty/terms"

// Steps that tests run in a DuckDB of their own.
var (
	ComputeLines = computeLines
	Summarize    = summarize
	DefaultRules = terms.DefaultRules()
)
