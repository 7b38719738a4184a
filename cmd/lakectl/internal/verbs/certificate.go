package verbs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/certificate"
	"github.com/lakectl/lakectl/lake"
)

func certificateVerb() frame.Verb {
	return frame.Verb{
		Name:  "certificate",
		Short: "Check certificates of erasure, and keep the key that signs them.",
		Long: `A certificate says what was erased in one batch, without naming anybody, and is signed. It stands in a log, in which no entry can
be dropped, changed or moved without notice. Who holds a certificate checks it without the lake.`,
		Examples: []string{"lakectl certificate verify --log log.txt --key key.pub certificate.txt"},
		Verbs:    []frame.Verb{certificateVerifyVerb(), certificateKeyVerb(), certificateRotateVerb()},
	}
}

func certificateVerifyVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "verify", Args: "FILE", Short: "Check a certificate of erasure, without a lake and without a network.",
		Long: `FILE alone is checked to be as it was signed, by the key that it names itself: anybody can make such a key, so give --key with what
the owner of the lake handed out, as a file or as its text. With --log the certificate must stand in the log, no entry of which may be
missing, changed or moved since, and --key may be any key of that log, an older or a newer one. --opening shows that one request,
the one of whoever was handed it, is covered. One altered byte in any of the files ends with 5.`,
		Examples: []string{"lakectl certificate verify certificate.txt", "lakectl certificate verify --log log.txt --key key.pub --opening opening.json certificate.txt"},
		Exits:    []int{frame.ExitProof},
		NoConfig: true,
		Text:     []frame.Teller{frame.Text(sayVerified)},
	}, (*certificateVerifyFlags).declare, runCertificateVerify)
}

type certificateVerifyFlags struct{ Log, Opening, Key frame.GivenText }

func (f *certificateVerifyFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.GenericFlag{Name: "log", Usage: "`FILE` with the log and its checkpoint", Destination: &f.Log},
		&cli.GenericFlag{Name: "opening", Usage: "`FILE` with the opening of one request, as 'lakectl deletions opening' prints it", Destination: &f.Opening},
		&cli.GenericFlag{Name: "key", Usage: "the owner's public `KEY`, or a file with it", Destination: &f.Key},
	}
}

func runCertificateVerify(_ context.Context, c *frame.Call, f certificateVerifyFlags) (any, error) {
	e := certificate.Evidence{}
	for _, part := range []struct {
		file  frame.GivenText
		bytes *[]byte
	}{{frame.GivenText{Text: c.Args().First(), Given: true}, &e.Certificate}, {f.Log, &e.Log}, {f.Opening, &e.Opening}} {
		if !part.file.Given {
			continue
		}
		text, err := os.ReadFile(part.file.Text)
		if err != nil {
			return nil, lake.WithHint(err, "give a file that can be read")
		}
		*part.bytes = append([]byte{}, text...) // an empty file is given too
	}
	var err error
	if e.Key, err = givenKey(f.Key); err != nil {
		return nil, err
	}
	report, err := certificate.Verify(e)
	switch {
	case errors.Is(err, certificate.ErrKey):
		return nil, usage.Errorf("give the line that 'lakectl certificate key' prints, or a file with it", "--key: %w", err)
	case errors.Is(err, certificate.ErrAltered):
		return report, lake.WithHint(fmt.Errorf("%s: %w: %s", c.Args().First(), jobs.ErrProof, report.Reason),
			"ask whoever issued it for the files again; what they hand out does not fit together as it is here")
	}
	return frame.Result(report, err)
}

// givenKey is the key that a flag has, or that the file has which it names.
func givenKey(given frame.GivenText) (string, error) {
	if !given.Given {
		return "", nil
	}
	text, err := os.ReadFile(given.Text)
	switch {
	case err == nil:
		given.Text = string(text)
	case !errors.Is(err, fs.ErrNotExist):
		return "", lake.WithHint(err, "give a file that can be read")
	}
	key := strings.TrimSpace(given.Text)
	if key == "" {
		return "", usage.Errorf("give the line that 'lakectl certificate key' prints, or a file with it", "--key is empty")
	}
	return key, nil
}
