package access

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/lakectl/lakectl/lake"
)

// lookEvery is how often the files of a certificate are looked at, at most.
const lookEvery = time.Second

// certificate is one of two files, as they were when they last fitted together.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	looked time.Time
	seen   [2]fileMark
	now    *tls.Certificate
}

// fileMark tells versions of a file apart.
type fileMark struct {
	at   time.Time
	size int64
}

func tlsConfig(certFile, keyFile string, log *slog.Logger) (*tls.Config, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	seen, err := c.marks()
	if err == nil {
		err = c.load(seen)
	}
	if err != nil {
		return nil, lake.WithHint(fmt.Errorf("certificate of the server: %w", err), "set serve.tls.cert_file and serve.tls.key_file to PEM files that belong together")
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}, nil
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current(time.Now()), nil
}

// current is the certificate as its files have it. While they do not fit together, as in the middle of a renewal, it is
// the one before.
func (c *certificate) current(at time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.Sub(c.looked) < lookEvery {
		return c.now
	}
	c.looked = at
	seen, err := c.marks()
	if err == nil && seen != c.seen {
		err = c.load(seen)
	}
	if err != nil {
		c.log.Warn("the certificate cannot be read; the one before stays", "error", err)
	}
	return c.now
}

func (c *certificate) marks() (marks [2]fileMark, err error) {
	for i, name := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return marks, err
		}
		marks[i] = fileMark{info.ModTime(), info.Size()}
	}
	return marks, nil
}

func (c *certificate) load(seen [2]fileMark) error {
	loaded, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err == nil {
		c.now, c.seen = &loaded, seen
	}
	return err
}
