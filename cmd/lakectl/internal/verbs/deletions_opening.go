package verbs

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/certificate"
	"github.com/lakectl/lakectl/jobs/certificate/keep"
	"github.com/lakectl/lakectl/jobs/erase"
)

func deletionsOpeningVerb() frame.Verb {
	return frame.Verb{
		Name: "opening", Args: "REQUEST", Short: "Print what shows that a certificate covers one verified request.",
		Long: `A certificate names no request. Its opening, with 32 random bytes that are kept in catalog.certificate_dir, shows that one of its
commitments is the request's: hand it to whoever must prove the erasure, who runs 'lakectl certificate verify --opening'.
A request that was sent twice has one opening for each row, one after the other.`,
		Examples: []string{"lakectl deletions opening r-17 > opening.json"},
		Text:     []frame.Teller{frame.Text(sayOpenings)}, Run: runDeletionsOpening,
	}
}

func deletionsForgetVerb() frame.Verb {
	return frame.Verb{
		Name: "forget", Args: "REQUEST", Short: "Delete the opening of a verified request: nobody can tie it to its certificate any more.",
		Long:     "The certificate stays valid. There is no way back: the random bytes are nowhere else, but where they were handed out.",
		Examples: []string{"lakectl deletions forget r-17"},
		Text:     []frame.Teller{frame.Text(sayForgotten)}, Run: runDeletionsForget,
	}
}

type openings []certificate.Opening

type forgotten struct {
	RequestID string `json:"request_id"`
	Forgotten int    `json:"forgotten"`
}

func runDeletionsOpening(ctx context.Context, c *frame.Call) (any, error) {
	return reach.WithReader(ctx, c, func(env jobs.Env) (list openings, err error) {
		err = eachVerified(ctx, c, env, func(dir string, r certificate.Request) error {
			o, err := keep.ReadOpening(dir, r)
			list = append(list, o)
			return err
		})
		return list, err
	})
}

func runDeletionsForget(ctx context.Context, c *frame.Call) (any, error) {
	return reach.WithReader(ctx, c, func(env jobs.Env) (forgotten, error) {
		done := forgotten{RequestID: c.Args().First()}
		err := eachVerified(ctx, c, env, func(dir string, r certificate.Request) error {
			was, err := keep.Forget(dir, r)
			if was {
				done.Forgotten++
			}
			return err
		})
		return done, err
	})
}

// eachVerified calls do with each row of a request, all of which must be verified.
func eachVerified(ctx context.Context, c *frame.Call, env jobs.Env, do func(dir string, r certificate.Request) error) error {
	dir, err := reach.CertificateDir(c)
	if err != nil {
		return err
	}
	detail, err := erase.Show(ctx, env, c.Args().First())
	if err != nil {
		return err
	}
	for _, r := range detail.Rows {
		if r.State != erase.Verified {
			return usage.Errorf("run 'lakectl job deletions --purge-now', then 'lakectl deletions verify'", "request %q is %s, and only a verified one is in a certificate", detail.RequestID, r.State)
		}
	}
	for _, r := range detail.Rows {
		if err := do(dir, certificate.Request{SourceTopic: r.Topic, SourcePartition: int32(r.Partition), SourceOffset: r.Offset}); err != nil {
			return fmt.Errorf("opening of request %q: %w", detail.RequestID, err)
		}
	}
	return nil
}

func sayOpenings(p *frame.Page, list openings) {
	for _, o := range list {
		if text, err := o.Text(); err == nil {
			p.WriteString(string(text))
		}
	}
}

func sayForgotten(p *frame.Page, f forgotten) {
	if f.Forgotten == 0 {
		p.Idle("%s has no opening", f.RequestID)
		return
	}
	p.Say("the opening of %s is deleted", f.RequestID)
}
