package keep

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/jobs/certificate"
	"github.com/lakectl/lakectl/lake"
)

const certificatesName = "certificates"

// Issued is a certificate that a log of the folder has.
type Issued struct {
	Path     string // of the file to hand out
	Index    int64  // line of the log
	Requests []certificate.Hash
}

// Issue signs the certificate of a batch, keeps it and enters it in the log. Where one is entered already that is about
// any of the same requests it is ErrFenced.
func Issue(dir string, b certificate.Batch) (Issued, error) {
	return alone(dir, func() (none Issued, err error) {
		found, err := find(dir, b.Requests)
		if err != nil {
			return none, err
		}
		if len(found) > 0 {
			return none, lake.WithHint(fmt.Errorf("a certificate of the batch is entered already: %w", lake.ErrFenced), "run the command again; it goes on with that one")
		}
		kept, err := Read(dir)
		if err != nil {
			return none, err
		}
		file, log, err := kept.Log.Issue(kept.Key, b)
		if err != nil {
			return none, err
		}
		name, folder := nameOf(file), filepath.Join(dir, certificatesName)
		if err := errors.Join(os.MkdirAll(folder, 0o700), syncFolder(dir), write(folder, name, file)); err != nil {
			return none, fmt.Errorf("keep a certificate: %w", err)
		}
		if err := write(dir, logName, log.Text()); err != nil {
			return none, fmt.Errorf("enter a certificate in the log: %w", err)
		}
		return issuedAs(filepath.Join(folder, name), file)
	})
}

// nameOf is the name of a certificate's file: its hash, as the log has it.
func nameOf(file []byte) string {
	sum := certificate.Hash(sha256.Sum256(file))
	return sum.String()
}

func issuedAs(path string, file []byte) (Issued, error) {
	r, err := certificate.Verify(certificate.Evidence{Certificate: file})
	if err != nil {
		return Issued{}, lake.WithHint(fmt.Errorf("%s: %w", path, err), "restore the file from a backup")
	}
	return Issued{Path: path, Index: r.Certificate.Log.Index, Requests: r.Certificate.Requests}, nil
}

// Find returns the certificates about requests by their commitments; those that are in none are left out.
func Find(dir string, commitments []certificate.Hash) (map[certificate.Hash]Issued, error) {
	return alone(dir, func() (map[certificate.Hash]Issued, error) { return find(dir, commitments) })
}

// find looks through all certificates. Those that were signed for one of the requests and not entered it deletes: a run
// was cut off between the two, so nobody was told.
func find(dir string, commitments []certificate.Hash) (map[certificate.Hash]Issued, error) {
	found, wanted := map[certificate.Hash]Issued{}, map[string]bool{}
	for _, c := range commitments {
		wanted[c.String()] = true
	}
	folder := filepath.Join(dir, certificatesName)
	files, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) || len(files) == 0 || len(wanted) == 0 {
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	entered, err := enteredIn(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") {
			continue
		}
		path := filepath.Join(folder, f.Name())
		file, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(hashes.FindAllString(string(file), -1), func(h string) bool { return wanted[h] }) {
			continue
		}
		if !entered(f.Name()) {
			if err := os.Remove(path); err != nil {
				return nil, err
			}
			continue
		}
		i, err := issuedAs(path, file)
		if err != nil {
			return nil, err
		}
		for _, c := range i.Requests {
			if wanted[c.String()] {
				found[c] = i
			}
		}
	}
	return found, nil
}

// hashes finds what may be a commitment.
var hashes = regexp.MustCompile("[0-9a-f]{64}")

// enteredIn tells of the name of a certificate whether a log of the folder has it, one that has ended among them.
func enteredIn(dir string) (func(name string) bool, error) {
	logs, err := filepath.Glob(filepath.Join(dir, logName+"*"))
	if err != nil {
		return nil, err
	}
	lines := map[string]bool{}
	for _, path := range logs {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		log, err := certificate.ParseLog(text)
		if err != nil {
			return nil, lake.WithHint(fmt.Errorf("%s: %w", path, err), "restore it from a backup")
		}
		for _, line := range log.Lines {
			lines[line] = true
		}
	}
	return func(name string) bool { return lines["certificate "+name] }, nil
}
