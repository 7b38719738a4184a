package reach

import (
	"context"
	"path/filepath"

	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs/certificate/keep"
)

// Made is the lake and what was made of it.
type Made struct {
	Warehouse string   `json:"warehouse"`
	Created   []string `json:"created"`
	// CertificateKey is the file with the key of certificates, "" where there was one.
	CertificateKey string `json:"certificate_key"`
}

// Init makes what the configured lake lacks.
func Init(ctx context.Context, c *frame.Call) (Made, error) {
	o, err := CatalogOptions(c)
	if err != nil {
		return Made{}, err
	}
	made := Made{Warehouse: o.Warehouse}
	if made.Created, err = open.Init(ctx, o); err != nil {
		return made, usage.UnsupportedIsUsage(err)
	}
	dir, err := CertificateDir(c)
	if err != nil {
		return made, err
	}
	begun, err := keep.Begin(dir)
	if begun {
		made.CertificateKey = keep.KeyFile(dir)
	}
	return made, err
}

// CertificateDir is the folder with the key and the log of certificates.
func CertificateDir(c *frame.Call) (string, error) {
	if dir := c.Config.Catalog.CertificateDir; dir != "" {
		return dir, nil
	}
	o, err := CatalogOptions(c)
	if err != nil {
		return "", err
	}
	if o.KeyFile() == "" {
		return "", usage.Errorf("set catalog.certificate_dir (LAKEHOUSE_CATALOG_CERTIFICATE_DIR)", "nobody said where the key of certificates lies")
	}
	return filepath.Join(filepath.Dir(o.KeyFile()), "certificate"), nil
}
