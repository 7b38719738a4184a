package reach

import (
	"context"

	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

// Made is the lake and what was made of it.
type Made struct {
	Warehouse string   `json:"warehouse"`
	Created   []string `json:"created"`
}

// Init makes what the configured lake lacks.
func Init(ctx context.Context, c *frame.Call) (Made, error) {
	o, err := CatalogOptions(c)
	if err != nil {
		return Made{}, err
	}
	made, err := open.Init(ctx, o)
	return Made{Warehouse: o.Warehouse, Created: made}, usage.UnsupportedIsUsage(err)
}
