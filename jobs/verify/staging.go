package verify

import (
	"context"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// kindStaging is the kind of a staging table that stands.
const kindStaging = "staging"

// staged names the staging tables of a table: whatever their files hold now, another engine is writing more, or a run
// has died over them. One for a table without listeners holds none either. It names the folder, for the files come and
// go.
func (l *look) staged(ctx context.Context, t *lake.Table) error {
	if !catalog.Personal(t.Name()) {
		return nil
	}
	for _, s := range t.Stagings() {
		folder, err := lake.LocalPath(t.Location() + "/" + s.Folder())
		if err != nil {
			return err
		}
		files, bytes, err := t.StagedFiles(ctx, s)
		if err != nil {
			return err
		}
		l.foundAll(kindStaging, folder, l.all)
		c := l.checks[kindStaging]
		if c == nil {
			c = &Check{Kind: kindStaging}
			l.checks[kindStaging] = c
		}
		c.Files, c.Bytes = c.Files+int64(files), c.Bytes+bytes
	}
	return nil
}
