package trino

import (
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"time"

	driver "github.com/trinodb/trino-go-client/trino"

	"github.com/lakectl/lakectl/lake"
)

// patience is how long lost requests are sent again by default.
const patience = 30 * time.Second

// Options say where Trino is, and as whom to ask it.
type Options struct {
	URL        string // http:// or https://, host and port
	Catalog    string // Trino's name of the catalog that leads to the lake
	Namespace  string // of the lake's tables
	User       string
	Password   string            // only with https
	Token      string            // a bearer token instead of a password; only with https
	CAFile     string            // PEM file with the authorities to trust instead of the system's
	Session    map[string]string // session properties, such as query_max_memory
	Patience   time.Duration     // how long lost requests are sent again; 0 is 30 s
	Standstill time.Duration     // how long a query may stand still, and a server say nothing; 0 is 10 min
	Progress   func(Progress)    // called while a query runs, by one goroutine at a time; nil: not
}

// Client runs queries on one server. It is safe for several goroutines, but for what Progress does.
type Client struct {
	o  Options
	db *sql.DB
}

// Open checks the options and makes a client. The server is first asked by a query.
func Open(o Options) (*Client, error) {
	server, err := url.Parse(o.URL)
	if err != nil || server.Host == "" || server.User != nil || server.Scheme != "http" && server.Scheme != "https" {
		return nil, lake.WithHint(fmt.Errorf("address of Trino: want http:// or https:// with host and port, and no password in it"), "such as https://trino.example.com:8443")
	}
	if (o.Password != "" || o.Token != "") && server.Scheme != "https" {
		return nil, lake.WithHint(fmt.Errorf("trino %s: a password or token would be sent in the clear", o.URL), "give Trino an https:// address")
	}
	server.User = url.User(o.User)
	if o.Password != "" {
		server.User = url.UserPassword(o.User, o.Password)
	}
	if o.Patience == 0 {
		o.Patience = patience
	}
	if o.Standstill == 0 {
		o.Standstill = standstill
	}
	requests := http.DefaultTransport.(*http.Transport).Clone()
	if requests.TLSClientConfig, err = (&driver.Config{SSLCertPath: o.CAFile}).TLSConfig(); err != nil {
		return nil, fmt.Errorf("trino %s: %w", o.URL, hide(err, o.Password, o.Token))
	}
	connector, err := driver.NewConnector(&driver.Config{
		ServerURI: server.String(), AccessToken: o.Token, Source: "lakectl", TimeZone: "UTC", HTTPClient: &http.Client{Transport: unspooled{requests}},
		SessionProperties: maps.Clone(o.Session), RequestRetryTimeout: &o.Patience, DisableExplicitPrepare: true,
	})
	if err != nil {
		return nil, fmt.Errorf("trino %s: %w", o.URL, hide(err, o.Password, o.Token))
	}
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(-1) // the driver keeps the progress callback of a query on its connection
	return &Client{o: o, db: db}, nil
}

// unspooled asks Trino for rows in its answers: what the driver reads from a spool does not end with the context.
type unspooled struct{ inner http.RoundTripper }

// RoundTrip sends a request.
func (u unspooled) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Del("X-Trino-Query-Data-Encoding")
	return u.inner.RoundTrip(r)
}

// Close ends the client; queries must have ended.
func (c *Client) Close() error { return c.db.Close() }
