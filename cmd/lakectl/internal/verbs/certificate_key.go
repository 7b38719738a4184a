package verbs

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs/certificate/keep"
)

func certificateKeyVerb() frame.Verb {
	return frame.Verb{
		Name: "key", Short: "Print the public key that certificates of this lake verify with.",
		Long: `Hand it out by a way that others trust, such as your web site: it is what they give as --key. The secret half stays in the file that
'lakectl init' made. The lake itself is not opened.`,
		Examples: []string{"lakectl certificate key >key.pub"},
		Text:     []frame.Teller{frame.Text(func(p *frame.Page, r publicKey) { p.WriteString(r.Key + "\n") })},
		Run: func(_ context.Context, c *frame.Call) (any, error) {
			dir, err := reach.CertificateDir(c)
			if err != nil {
				return nil, err
			}
			kept, err := keep.Read(dir)
			return frame.Result(publicKey{Key: kept.Key.Public(), LogFile: keep.LogFile(dir)}, err)
		},
	}
}

// publicKey is what others need of the one who signs.
type publicKey struct {
	Key     string `json:"key"`
	LogFile string `json:"log_file"`
}

func certificateRotateVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "rotate", Short: "Go on with a new key for certificates.",
		Long: `The old key signs the new one, and the log keeps both: certificates by the old key verify with the new one, with the log given. The
old secret is removed; each run makes another key. Hand out the new public key and the log afterwards, and keep a copy of the new
secret in your secret store.
A key that is lost can sign nothing, not even its successor. With --lost another log begins under another name; certificates of the
old log go on verifying with the old public key, which is printed, and with the old log, which is kept.`,
		Examples: []string{"lakectl certificate rotate", "lakectl certificate rotate --lost"},
		Exits:    []int{frame.ExitFenced},
		Text:     []frame.Teller{frame.Text(sayRotated)},
	}, (*certificateRotateFlags).declare, runCertificateRotate)
}

type certificateRotateFlags struct{ Lost bool }

func (f *certificateRotateFlags) declare() []cli.Flag {
	return []cli.Flag{&cli.BoolFlag{Name: "lost", Usage: "the key is lost for good: begin another log", Destination: &f.Lost}}
}

func runCertificateRotate(_ context.Context, c *frame.Call, f certificateRotateFlags) (any, error) {
	dir, err := reach.CertificateDir(c)
	if err != nil {
		return nil, err
	}
	if f.Lost {
		return frame.Result(keep.BeginAnew(dir))
	}
	return frame.Result(keep.Rotate(dir))
}

func sayRotated(p *frame.Page, r keep.Rotated) {
	if r.OldLog != "" {
		p.Say("another log begins; hand out its public key: %s", r.Key)
		p.Say("certificates of the old log verify with %s and %s", r.Previous, r.OldLog)
		return
	}
	p.Say("certificates are signed with a new key from now on; hand it out: %s", r.Key)
	p.Say("the log of %s leads to it from the old one, %s", frame.CountOf(r.Lines, "line"), r.Previous)
}
