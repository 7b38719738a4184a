package main

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"time"
)

type kafkaConfig struct {
	Brokers []string
	Topic   string
	Group   string

	SessionTimeout time.Duration

	TLS  tlsConfig
	SASL saslConfig
}

type tlsConfig struct {
	Enabled                   bool
	CAFile, CertFile, KeyFile string
}

type saslConfig struct {
	Mechanism string // "" = no login
	Username  string
	Password  secret
}

// checkKafka refuses half a certificate and half a login, and files for a TLS
// that was switched off.
func (c config) checkKafka() error {
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
		return usagef("take one of them out", "kafka.tls.enabled (%s) is false, but kafka.tls names files", off.origin)
	}
	return nil
}

func (t tlsConfig) wanted() bool {
	return t.Enabled || t.CAFile != "" || t.CertFile != ""
}

// load reads the files. It returns nil where the brokers are spoken to in clear.
func (t tlsConfig) load() (*tls.Config, error) {
	if !t.wanted() {
		return nil, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, usagef("", "kafka.tls.ca_file: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, usagef("", "kafka.tls.ca_file: no certificate in %s", t.CAFile)
		}
	}
	if t.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, usagef("", "kafka.tls.cert_file: %w", err)
		}
		conf.Certificates = []tls.Certificate{cert}
	}
	return conf, nil
}
