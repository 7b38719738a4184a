package reach

import (
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/lake/trino"
)

// Trino is the configured Trino, nil where DuckDB answers. Nothing is sent yet; closing it ends it.
func Trino(c *frame.Call) (*trino.Client, error) {
	if c.Config.Engine != "trino" {
		return nil, nil
	}
	k := c.Config.Trino
	password, err := k.Password.Read()
	token, tokenErr := k.Token.Read()
	if err := errors.Join(err, tokenErr); err != nil {
		return nil, err
	}
	client, err := trino.Open(trino.Options{
		URL: k.URL, Catalog: k.Catalog, Namespace: catalog.Namespace, User: k.User, Password: password, Token: token, CAFile: k.CAFile,
		Standstill: k.Standstill, Progress: func(p trino.Progress) { c.Progress.Say(said(p)) },
	})
	if err != nil {
		return nil, usage.Of(err)
	}
	return client, nil
}

// said is how far a query is, in words.
func said(p trino.Progress) string {
	return fmt.Sprintf("trino: %s, %.0f %% of the work, %d rows and %d MiB read, %d MiB of memory", p.State, p.Percent, p.Rows, p.Bytes>>20, p.PeakMemory>>20)
}
