package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/jobs/serve/access"
)

func TestTheAddressOfTheDashboardIsOneThatABrowserCanOpen(t *testing.T) {
	for want, s := range map[string]Serve{
		"http://127.0.0.1:8080":     {Addr: "127.0.0.1:8080"},
		"http://localhost:80":       {Addr: "0.0.0.0:80"},
		"http://localhost:81":       {Addr: ":81"},
		"https://localhost:443":     {Addr: "[::]:443", TLS: Certificate{CertFile: "c"}},
		"http://[::1]:8080":         {Addr: "[::1]:8080"},
		"https://plays.example.com": {Addr: "0.0.0.0:80", PublicURL: "https://plays.example.com/"},
	} {
		if got := s.URL(); got != want {
			t.Errorf("%s: got %s, want %s", s.Addr, got, want)
		}
		s.CatalogAddr = s.Addr
		if got := s.CatalogURL(); s.PublicURL == "" && got != want {
			t.Errorf("the catalog at %s: got %s, want %s", s.Addr, got, want)
		}
	}
}

func TestTheDashboardIsGivenWhatTheConfigurationSays(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load("", []string{
		"LAKEHOUSE_SERVE_ADDR=127.0.0.1:9000", "LAKEHOUSE_SERVE_OPERATOR_REQUESTS_PER_SECOND=9000", "LAKEHOUSE_SERVE_PUBLIC_URL=https://plays.example.com", "LAKEHOUSE_SERVE_TLS_CERT_FILE=c", "LAKEHOUSE_SERVE_TLS_KEY_FILE=k",
		"LAKEHOUSE_SERVE_OIDC_ISSUER=https://id.example.com", "LAKEHOUSE_SERVE_OIDC_AUDIENCE=plays", "LAKEHOUSE_SERVE_OIDC_ARTIST_CLAIM=a",
		"LAKEHOUSE_SERVE_OIDC_LABEL_CLAIM=l", "LAKEHOUSE_SERVE_OIDC_OPERATOR_CLAIM=o", "LAKEHOUSE_SERVE_OIDC_CLIENT_ID=me", "LAKEHOUSE_SERVE_OIDC_CLIENT_SECRET_FILE=" + file,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Serve.Access()
	if err != nil {
		t.Fatal(err)
	}
	limits := access.Limits{Scope: access.Rate{PerSecond: 50, Burst: 200}, Operator: access.Rate{PerSecond: 9000, Burst: 18000}}
	want := access.Options{URL: "https://plays.example.com", TLS: true, Limits: limits, OIDC: access.OIDC{
		Issuer: "https://id.example.com", Audience: "plays", ArtistClaim: "a", LabelClaim: "l", OperatorClaim: "o", OperatorValue: "true", ClientID: "me", ClientSecret: "hush",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(access.Listening{Addr: "127.0.0.1:8181", CertFile: "c", KeyFile: "k"}, c.Serve.CatalogListening()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(access.Listening{Addr: "127.0.0.1:9000", CertFile: "c", KeyFile: "k"}, c.Serve.Listening()); diff != "" {
		t.Error(diff)
	}
}
