package verbs

import (
	"context"
	"strings"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
)

func initVerb() frame.Verb {
	return frame.Verb{
		Name:  "init",
		Short: "Create what the lake lacks: catalog, tables, the key of the subject hash, that of certificates.",
		Long: `Safe to repeat, also while jobs run: it leaves what exists as it is. Run it after an upgrade too: it gives the tables
the columns of the new version.
Keep a copy of the subject key in your secret store. Without it no deletion request can be matched to listens.
Keep one of the key of certificates too; 'lakectl certificate rotate --help' says what a lost one means.`,
		Examples: []string{"lakectl init", "LAKEHOUSE_CATALOG_WAREHOUSE=/data/warehouse lakectl init"},
		Text:     []frame.Teller{frame.Text(sayInit)},
		Run: func(ctx context.Context, c *frame.Call) (any, error) {
			made, err := reach.Init(ctx, c)
			if made.Warehouse == "" { // the configuration is wrong: nothing was tried
				return nil, err
			}
			return made, err
		},
	}
}

func sayInit(p *frame.Page, r reach.Made) {
	switch {
	case len(r.Created) > 0:
		p.Say("created in %s: %s", r.Warehouse, strings.Join(r.Created, ", "))
	case r.CertificateKey == "":
		p.Idle("the lake in %s is complete", r.Warehouse)
	}
	if r.CertificateKey != "" {
		p.Say("made the key of certificates: %s", r.CertificateKey)
	}
}
