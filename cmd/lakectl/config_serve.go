package main

import (
	"net"
	"net/netip"
	"strings"

	"github.com/lakectl/lakectl/jobs/serve/access"
)

type serveConfig struct {
	Addr      string
	PublicURL string // "": browsers use Addr
	TLS       certificateConfig
	OIDC      oidcConfig
}

type certificateConfig struct{ CertFile, KeyFile string }

type oidcConfig struct {
	Issuer, Audience                       string
	ArtistClaim, LabelClaim, OperatorClaim string
	OperatorValue                          string
	ClientID                               string
	ClientSecret                           secret
}

// checkServe refuses half a certificate, and keys of an issuer without the issuer.
func (c config) checkServe() error {
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

// url is the address under which browsers reach the dashboard.
func (s serveConfig) url() string {
	if s.PublicURL != "" {
		return strings.TrimSuffix(s.PublicURL, "/")
	}
	scheme := "http://"
	if s.TLS.CertFile != "" {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(s.Addr)
	if a, bad := netip.ParseAddr(host); err == nil && (host == "" || bad == nil && a.IsUnspecified()) {
		return scheme + net.JoinHostPort("localhost", port)
	}
	return scheme + s.Addr
}

// access are the options of who may see what.
func (s serveConfig) access() (access.Options, error) {
	o := s.OIDC
	secret, err := o.ClientSecret.read()
	return access.Options{
		URL: s.PublicURL, TLS: s.TLS.CertFile != "",
		OIDC: access.OIDC{
			Issuer: o.Issuer, Audience: o.Audience, ArtistClaim: o.ArtistClaim, LabelClaim: o.LabelClaim, OperatorClaim: o.OperatorClaim,
			OperatorValue: o.OperatorValue, ClientID: o.ClientID, ClientSecret: secret,
		},
	}, err
}

// listening is where the dashboard listens.
func (s serveConfig) listening() access.Listening {
	return access.Listening{Addr: s.Addr, CertFile: s.TLS.CertFile, KeyFile: s.TLS.KeyFile}
}
