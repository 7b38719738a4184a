package config

import (
	"net/url"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

// Trino is where Trino is, which of its catalogs leads to the lake, and as whom to ask it.
type Trino struct {
	URL             string
	Catalog, User   string
	Password, Token Secret
	CAFile          string // "": the system's authorities
	Standstill      time.Duration
}

var trinoKeys = []Key{
	{
		name: "trino.url", about: "address of Trino, for engine: trino", form: isOrigin, secrecy: mayHoldSecret, example: "https://trino.example.com:8443",
		field: func(c *Config) any { return &c.Trino.URL },
	},
	{
		name: "trino.catalog", def: "lake", about: "Trino's name of the catalog that leads to this lake",
		field: func(c *Config) any { return &c.Trino.Catalog },
	},
	{
		name: "trino.user", def: "lakectl", about: "who asks Trino",
		field: func(c *Config) any { return &c.Trino.User },
	},
	{
		name: "trino.password", about: "of that user, over https; only as a variable, or in trino.password_file", secrecy: isSecret,
		field: func(c *Config) any { return &c.Trino.Password.value },
	},
	{
		name: "trino.password_file", about: "file that holds the password", example: "/run/secrets/trino-password",
		field: func(c *Config) any { return &c.Trino.Password.file },
	},
	{
		name: "trino.token", about: "bearer token in place of a password, over https; only as a variable, or in trino.token_file", secrecy: isSecret,
		field: func(c *Config) any { return &c.Trino.Token.value },
	},
	{
		name: "trino.token_file", about: "file that holds the token", example: "/run/secrets/trino-token",
		field: func(c *Config) any { return &c.Trino.Token.file },
	},
	{
		name: "trino.ca_file", about: "PEM file with the authorities to trust instead of the system's", example: "./ca.pem",
		field: func(c *Config) any { return &c.Trino.CAFile },
	},
	{
		name: "trino.standstill", def: "10m", about: "a query that runs and stands still this long is ended, and one whose server says nothing", least: int64(time.Minute), most: int64(24 * time.Hour),
		field: func(c *Config) any { return &c.Trino.Standstill },
	},
}

// checkTrino refuses an engine without an address, two logins at once, and a login that would be sent in the clear.
func (c Config) checkTrino() error {
	t := c.Trino
	if c.Engine == "trino" && t.URL == "" {
		return c.needs("trino.url", "engine")
	}
	if t.Password.isSet() && t.Token.isSet() {
		return usage.Errorf("keep one of them", "trino.password and trino.token are both set")
	}
	if u, err := url.Parse(t.URL); err == nil && u.Scheme == "http" && (t.Password.isSet() || t.Token.isSet()) {
		return usage.Errorf("give Trino an https:// address", "trino.url (%s) is http: a password or token would be sent in the clear", c.set["trino.url"].origin)
	}
	return nil
}
