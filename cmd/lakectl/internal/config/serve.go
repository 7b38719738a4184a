package config

import (
	"net"
	"net/netip"
	"strings"

	"github.com/lakectl/lakectl/jobs/serve/access"
)

// Serve is where the dashboard and the catalog listen, and whom they know.
type Serve struct {
	Addr        string
	PublicURL   string // "": browsers use Addr
	CatalogAddr string
	TLS         Certificate
	OIDC        OIDC
	Limits      Limits
}

// Certificate is that of the dashboard and of the catalog, and its key.
type Certificate struct{ CertFile, KeyFile string }

// Limits are requests a second: of each artist and label, and of operators together. Four times, and twice, as many may
// come at once.
type Limits struct{ RequestsPerSecond, OperatorRequestsPerSecond int64 }

// OIDC is an issuer of tokens that are taken, and what they say.
type OIDC struct {
	Issuer, Audience                       string
	ArtistClaim, LabelClaim, OperatorClaim string
	OperatorValue                          string
	ClientID                               string
	ClientSecret                           Secret
}

// checkServe refuses half a certificate, and keys of an issuer without the issuer.
func (c Config) checkServe() error {
	t, o := c.Serve.TLS, c.Serve.OIDC
	for _, pair := range []struct {
		key, needs string
		missing    bool
	}{
		{"serve.tls.cert_file", "serve.tls.key_file", t.KeyFile == ""},
		{"serve.tls.key_file", "serve.tls.cert_file", t.CertFile == ""},
		{"serve.oidc.audience", "serve.oidc.issuer", o.Issuer == ""},
		{"serve.oidc.artist_claim", "serve.oidc.issuer", o.Issuer == ""},
		{"serve.oidc.label_claim", "serve.oidc.issuer", o.Issuer == ""},
		{"serve.oidc.operator_claim", "serve.oidc.issuer", o.Issuer == ""},
		{"serve.oidc.operator_value", "serve.oidc.operator_claim", o.OperatorClaim == ""},
		{"serve.oidc.client_id", "serve.oidc.issuer", o.Issuer == ""},
		{"serve.oidc.client_secret", "serve.oidc.client_id", o.ClientID == ""},
		{"serve.oidc.client_secret_file", "serve.oidc.client_id", o.ClientID == ""},
	} {
		if pair.missing && c.setBy(pair.key) > fromDefault {
			return c.needs(pair.needs, pair.key)
		}
	}
	return nil
}

// URL is the address under which browsers reach the dashboard.
func (s Serve) URL() string {
	if s.PublicURL != "" {
		return strings.TrimSuffix(s.PublicURL, "/")
	}
	return s.urlOf(s.Addr)
}

// CatalogURL is the address under which other engines of this machine reach the catalog.
func (s Serve) CatalogURL() string { return s.urlOf(s.CatalogAddr) }

func (s Serve) urlOf(addr string) string {
	scheme := "http://"
	if s.TLS.CertFile != "" {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(addr)
	if a, bad := netip.ParseAddr(host); err == nil && (host == "" || bad == nil && a.IsUnspecified()) {
		return scheme + net.JoinHostPort("localhost", port)
	}
	return scheme + addr
}

// Access are the options of who may see what.
func (s Serve) Access() (access.Options, error) {
	o := s.OIDC
	secret, err := o.ClientSecret.Read()
	return access.Options{
		URL: s.PublicURL, TLS: s.TLS.CertFile != "",
		Limits: access.Limits{
			Scope:    access.Rate{PerSecond: float64(s.Limits.RequestsPerSecond), Burst: 4 * int(s.Limits.RequestsPerSecond)},
			Operator: access.Rate{PerSecond: float64(s.Limits.OperatorRequestsPerSecond), Burst: 2 * int(s.Limits.OperatorRequestsPerSecond)},
		},
		OIDC: access.OIDC{
			Issuer: o.Issuer, Audience: o.Audience, ArtistClaim: o.ArtistClaim, LabelClaim: o.LabelClaim, OperatorClaim: o.OperatorClaim,
			OperatorValue: o.OperatorValue, ClientID: o.ClientID, ClientSecret: secret,
		},
	}, err
}

// Listening is where the dashboard listens.
func (s Serve) Listening() access.Listening {
	return access.Listening{Addr: s.Addr, CertFile: s.TLS.CertFile, KeyFile: s.TLS.KeyFile}
}

// CatalogListening is where the catalog listens.
func (s Serve) CatalogListening() access.Listening {
	return access.Listening{Addr: s.CatalogAddr, CertFile: s.TLS.CertFile, KeyFile: s.TLS.KeyFile}
}
