package config

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

// Kafka is the topic and how to reach it.
type Kafka struct {
	Brokers []string
	Topic   string
	Group   string

	SessionTimeout time.Duration

	TLS  TLS
	SASL SASL
}

// TLS says whether brokers are spoken to in secret, and by which certificates.
type TLS struct {
	Enabled                   bool
	CAFile, CertFile, KeyFile string
}

// SASL is who logs in to the brokers.
type SASL struct {
	Mechanism string // "" = no login
	Username  string
	Password  Secret
}

// checkKafka refuses half a certificate and half a login, and files for a TLS
// that was switched off.
func (c Config) checkKafka() error {
	t, s := c.Kafka.TLS, c.Kafka.SASL
	for _, pair := range []struct {
		given      bool
		key, needs string
		missing    bool
	}{
		{t.CertFile != "", "kafka.tls.cert_file", "kafka.tls.key_file", t.KeyFile == ""},
		{t.KeyFile != "", "kafka.tls.key_file", "kafka.tls.cert_file", t.CertFile == ""},
		{s.Mechanism != "", "kafka.sasl.mechanism", "kafka.sasl.username", s.Username == ""},
		{s.Mechanism != "", "kafka.sasl.mechanism", "kafka.sasl.password", !s.Password.isSet()},
		{s.Username != "", "kafka.sasl.username", "kafka.sasl.mechanism", s.Mechanism == ""},
	} {
		if pair.given && pair.missing {
			return c.needs(pair.needs, pair.key)
		}
	}
	if off := c.set["kafka.tls.enabled"]; !t.Enabled && off.layer > fromDefault && t.wanted() {
		return usage.Errorf("take one of them out", "kafka.tls.enabled (%s) is false, but kafka.tls names files", off.origin)
	}
	return nil
}

func (t TLS) wanted() bool {
	return t.Enabled || t.CAFile != "" || t.CertFile != ""
}

// Load reads the files. It returns nil where the brokers are spoken to in clear.
func (t TLS) Load() (*tls.Config, error) {
	if !t.wanted() {
		return nil, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, usage.Errorf("", "kafka.tls.ca_file: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, usage.Errorf("", "kafka.tls.ca_file: no certificate in %s", t.CAFile)
		}
	}
	if t.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, usage.Errorf("", "kafka.tls.cert_file: %w", err)
		}
		conf.Certificates = []tls.Certificate{cert}
	}
	return conf, nil
}

// Login is how to log in, nil for not at all.
func (s SASL) Login() (sasl.Mechanism, error) {
	if s.Mechanism == "" {
		return nil, nil
	}
	password, err := s.Password.Read()
	if err != nil {
		return nil, err
	}
	switch s.Mechanism {
	case "PLAIN":
		return plain.Mechanism{Username: s.Username, Password: password}, nil
	case "SCRAM-SHA-256":
		return scram.Mechanism(scram.SHA256, s.Username, password)
	case "SCRAM-SHA-512":
		return scram.Mechanism(scram.SHA512, s.Username, password)
	default:
		return nil, fmt.Errorf("unknown mechanism %s", s.Mechanism) // the configuration allows no other
	}
}
