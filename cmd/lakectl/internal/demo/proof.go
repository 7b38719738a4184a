package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/purge"
	"github.com/lakectl/lakectl/jobs/verify"
)

// certificateLines is how much of the certificate the screen shows.
const certificateLines = 5

// demoProof is how the erased rows left the files, and what proves it.
type demoProof struct {
	Purged         int      `json:"requests_purged"`
	FilesRewritten int      `json:"files_rewritten"`
	FilesRemoved   int      `json:"files_removed"`
	FilesDecoded   int64    `json:"files_decoded"`
	BytesDecoded   int64    `json:"bytes_decoded"`
	Verified       int      `json:"requests_verified"`
	Certificate    string   `json:"certificate"` // the file
	FirstLines     []string `json:"certificate_first_lines"`
}

// proveErased takes the rows of the requests out of the files, looks for them in all that is left, and has the
// certificate issued.
func (s *story) proveErased(ctx context.Context) error {
	done, err := chain.CarryOut(ctx, s.env, chain.DeletionsOptions{
		Rollup: s.rollup(), OnlyOpen: true, Purge: &purge.Options{Now: true, RecentFolder: s.c.Config.RecentFolder()},
	})
	if err != nil {
		return err
	}
	p := &s.report.Proof
	p.Purged = done.Purged.Requests
	for _, t := range done.Purged.Tables {
		p.FilesRewritten, p.FilesRemoved = p.FilesRewritten+t.Files, p.FilesRemoved+t.Objects
	}
	reach.NoteErased(ctx, s.c, s.env)
	dir, err := reach.CertificateDir(s.c)
	if err != nil {
		return err
	}
	proved, err := chain.Prove(ctx, s.env, verify.Options{Folders: reach.BesideTables(s.c)}, dir)
	if err != nil {
		return err
	}
	for _, c := range proved.Checks {
		p.FilesDecoded, p.BytesDecoded = p.FilesDecoded+c.Files, p.BytesDecoded+c.Bytes
	}
	p.Verified = proved.Concluded.Verified
	if len(proved.Concluded.Certificates) == 0 {
		return errors.New("no certificate was issued")
	}
	return p.read(proved.Concluded.Certificates[0].Path)
}

// read takes the first lines of the certificate.
func (p *demoProof) read(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	p.Certificate, p.FirstLines = path, nil
	for line := range bytes.Lines(text) {
		if len(p.FirstLines) == certificateLines {
			break
		}
		p.FirstLines = append(p.FirstLines, string(bytes.TrimSuffix(line, []byte("\n"))))
	}
	return nil
}

// lines are those of the screen about the proof.
func (p demoProof) lines() []string {
	lines := []string{
		fmt.Sprintf("  bytes      %s files rewritten without them, %s old ones removed, metadata among them; %s that are left were decoded: nothing is in them",
			frame.Thousands(int64(p.FilesRewritten)), frame.Thousands(int64(p.FilesRemoved)), frame.Thousands(p.FilesDecoded)),
		"  certificate of it, signed; its first lines:",
	}
	for _, line := range p.FirstLines {
		lines = append(lines, "    "+line)
	}
	return append(lines, "  check it   lakectl certificate verify "+p.Certificate)
}
