package royalty_test

import (
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// rewritten has files of a table written anew: all by another engine, or some of the archive by lakectl.
func (p *past) rewritten(t *testing.T, table string) string {
	if p.r.IntN(2) == 0 {
		p.Merge(t, catalog.Listens, func(lake.File) bool { return p.r.IntN(2) == 0 })
		return "merge files of " + catalog.Listens
	}
	p.Compact(t, table)
	return "compact " + table
}
