package open

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"
	icecatalog "github.com/apache/iceberg-go/catalog"
	icerest "github.com/apache/iceberg-go/catalog/rest"
	iceio "github.com/apache/iceberg-go/io"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// Rest is how to log in to a REST catalog.
type Rest struct {
	Token      string // bearer token; "" for none
	Credential string // ID:SECRET of OAuth2 client credentials; "" for none
	AuthURI    string // where credentials become tokens; "" is the catalog's own endpoint
	Scope      string // "" is "catalog"
	Warehouse  string // the name under which the server knows the warehouse; "" for a server that has one
}

// connectRest opens a REST catalog. What a server says about credentials for files is not used: they come from the
// standard AWS chain.
func (c *Catalog) connectRest(ctx context.Context) error {
	r := c.options.Rest
	options := []icerest.Option{icerest.WithHeaders(map[string]string{"X-Iceberg-Access-Delegation": ""})}
	for _, o := range []struct {
		value string
		with  func(string) icerest.Option
	}{{r.Token, icerest.WithOAuthToken}, {r.Credential, icerest.WithCredential}, {r.Scope, icerest.WithScope}, {r.Warehouse, icerest.WithWarehouseLocation}} {
		if o.value != "" {
			options = append(options, o.with(o.value))
		}
	}
	if r.AuthURI != "" {
		at, err := url.Parse(r.AuthURI)
		if err != nil {
			return fmt.Errorf("catalog.rest.auth_uri: %w", err)
		}
		options = append(options, icerest.WithAuthURI(at))
	}
	ice, err := icerest.NewCatalog(ctx, c.options.Name, c.options.URI, options...)
	if err != nil {
		return notReached(err)
	}
	c.closeRest = ice.Close
	c.Ice = &remote{Catalog: ice, warehouse: c.warehouse, fs: c.storage}
	if c.options.create {
		return nil
	}
	exists, err := ice.CheckNamespaceExists(ctx, icetable.Identifier{catalog.Namespace})
	if err != nil {
		return notReached(err)
	}
	if !exists {
		return lake.WithHint(fmt.Errorf("there is no lake in the catalog %s: %w", c.place(ctx), lake.ErrNotFound),
			"check catalog.uri (LAKEHOUSE_CATALOG_URI) and catalog.rest.warehouse; 'lakectl init' makes a new lake there")
	}
	return nil
}

func notReached(err error) error {
	hint := "check catalog.uri (LAKEHOUSE_CATALOG_URI) and that the catalog can be reached"
	if errors.Is(err, icerest.ErrUnauthorized) || errors.Is(err, icerest.ErrForbidden) || errors.Is(err, icerest.ErrAuthorizationExpired) || errors.Is(err, icerest.ErrOAuthError) {
		hint = "the catalog refused the login: check catalog.rest.token or catalog.rest.credential, and catalog.rest.auth_uri"
	}
	return lake.WithHint(fmt.Errorf("open rest catalog: %w", err), "%s", hint)
}

// remote is a REST catalog whose tables lie where lakectl puts them, and whose commits hold requirements that the
// protocol has not.
//
// Such a requirement is held against the table as it is right before the request, and the request then asks that no
// branch or tag that is known moved. A server cannot be asked more: what changes in the milliseconds between is not
// seen. A new tag on a snapshot that is expired in that time goes with it: [lake.Lake.Expire] finds out from the
// metadata that the server replaced, and deletes no file.
type remote struct {
	icecatalog.Catalog
	warehouse string // URI
	fs        storageOf
}

// LoadTable loads the table as it is now.
func (r *remote) LoadTable(ctx context.Context, id icetable.Identifier) (*icetable.Table, error) {
	if err := refuseName(id); err != nil {
		return nil, err
	}
	t, err := r.Catalog.LoadTable(ctx, id)
	if err != nil {
		return nil, stopped(ctx, err)
	}
	if err := refuseSigning(t); err != nil {
		return nil, err
	}
	return icetable.New(id, t.Metadata(), t.MetadataLocation(), r.fs(t.MetadataLocation()), r), nil
}

// refuseName knows no table whose name would lead to another one: the library puts it into the path of its request as
// it is, so %6cistens would be listens.
func refuseName(id icetable.Identifier) error {
	if name := id[len(id)-1]; strings.Contains(name, "%") {
		return fmt.Errorf("table %q: %w", name, icecatalog.ErrNoSuchTable)
	}
	return nil
}

// refuseSigning refuses a table whose files can be reached only with requests that the catalog signs.
func refuseSigning(t *icetable.Table) error {
	if t.Properties().GetBool(iceio.S3RemoteSigningEnabled, false) {
		return lake.WithHint(fmt.Errorf("table %s says %s: %w", t.Identifier()[len(t.Identifier())-1], iceio.S3RemoteSigningEnabled, lake.ErrUnsupported),
			"lakectl signs its own requests, with credentials of the standard AWS chain: take the property out of the catalog")
	}
	return nil
}

// CreateTable makes a table below the configured warehouse, wherever else the server would put it, unless the options
// say where.
func (r *remote) CreateTable(ctx context.Context, id icetable.Identifier, schema *iceberg.Schema, options ...icecatalog.CreateTableOpt) (*icetable.Table, error) {
	location := strings.TrimSuffix(r.warehouse, "/") + "/" + id[0] + ".db/" + strings.Join(id[1:], "/")
	return r.Catalog.CreateTable(ctx, id, schema, slices.Insert(slices.Clone(options), 0, icecatalog.WithLocation(location))...)
}

// CommitTable commits what a server can be told to.
func (r *remote) CommitTable(ctx context.Context, id icetable.Identifier, requirements []icetable.Requirement, updates []icetable.Update) (icetable.Metadata, string, error) {
	var wire []icetable.Requirement
	var own []icetable.Requirement
	for _, one := range requirements {
		if strings.HasPrefix(one.GetType(), ownPrefix) {
			own = append(own, one)
		} else {
			wire = append(wire, one)
		}
	}
	now, err := r.Catalog.LoadTable(ctx, id)
	if err != nil {
		return nil, "", stopped(ctx, err)
	}
	for _, one := range own {
		if err := lake.CheckBefore(one, now.Metadata()); err != nil {
			return nil, "", err
		}
	}
	if len(own) > 0 {
		for name, ref := range now.Metadata().Refs() {
			wire = append(wire, icetable.AssertRefSnapshotID(name, &ref.SnapshotID))
		}
	}
	meta, location, err := r.Catalog.CommitTable(ctx, id, wire, translated(now.Metadata(), updates))
	return meta, location, stopped(ctx, err)
}

// stopped makes an error tell that ctx ended, where the answer was cut off by that: the library keeps only the text of
// why it could not read the answer.
func stopped(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil || errors.Is(err, ctx.Err()) {
		return err
	}
	return fmt.Errorf("%w: %w", err, context.Cause(ctx))
}

// ownPrefix begins the names of requirements and changes that only lakectl knows.
const ownPrefix = "lakectl-"

// Properties for a log of metadata files that is to be emptied.
const (
	versionsKept = "write.metadata.previous-versions-max"
	versionsWere = "lakectl.previous-versions-max"
)

// translated are changes in words that a server knows. A log of metadata files is emptied by keeping one file for one
// commit; the next commit keeps as many as before.
func translated(now icetable.Metadata, updates []icetable.Update) []icetable.Update {
	var known []icetable.Update
	empties := false
	for _, u := range updates {
		if strings.HasPrefix(u.Action(), ownPrefix) {
			empties = true
			continue
		}
		known = append(known, u)
	}
	were, emptied := now.Properties()[versionsWere]
	switch {
	case empties && !emptied:
		known = append(known, icetable.NewSetPropertiesUpdate(iceberg.Properties{versionsKept: "1", versionsWere: now.Properties()[versionsKept]}))
	case emptied && !empties && were == "":
		known = append(known, icetable.NewRemovePropertiesUpdate([]string{versionsKept, versionsWere}))
	case emptied && !empties:
		known = append(known, icetable.NewSetPropertiesUpdate(iceberg.Properties{versionsKept: were}), icetable.NewRemovePropertiesUpdate([]string{versionsWere}))
	}
	return known
}

// remoteTables lists what a REST catalog has of lakectl's own. Only the table that tells the lake's id is loaded: a
// load costs a request, and every table is held against its place when a job loads it.
func (c *Catalog) remoteTables(ctx context.Context) ([]row, error) {
	var rows []row
	for id, err := range c.Ice.ListTables(ctx, icetable.Identifier{catalog.Namespace}) {
		if errors.Is(err, icecatalog.ErrNoSuchNamespace) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list the catalog's tables: %w", notReached(err))
		}
		r := row{namespace: catalog.Namespace, table: id[len(id)-1]}
		if r.table == catalog.DeletionRequests {
			t, err := c.Ice.LoadTable(ctx, id)
			if err != nil {
				return nil, fmt.Errorf("load table %s: %w", r.table, err)
			}
			r.location = t.MetadataLocation()
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// notMovable refuses to work on the pointers of a catalog that keeps them to itself, and on files that are not here.
func (c *Catalog) notMovable() error {
	if c.db != nil && c.store == nil {
		return nil
	}
	if c.store != nil {
		return lake.WithHint(fmt.Errorf("warehouse %s is no folder of this machine: %w", c.warehouse, lake.ErrUnsupported), "put the objects back with the tools of the store, under the same names; the catalog from its backup")
	}
	return lake.WithHint(fmt.Errorf("a rest catalog keeps its tables' places to itself: %w", lake.ErrUnsupported), "use the server's own tools to restore it or to register tables")
}
