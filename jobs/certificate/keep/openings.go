package keep

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lakectl/lakectl/jobs/certificate"
	"github.com/lakectl/lakectl/lake"
)

const openingsName = "openings"

// openingFile is where the opening of a request lies, which its place in the source names.
func openingFile(r certificate.Request) (folder, name string) {
	sum := certificate.Hash(sha256.Sum256(fmt.Appendf(nil, "%s/%d/%d", r.SourceTopic, r.SourcePartition, r.SourceOffset)))
	return openingsName, sum.String()
}

// Openings are the openings of requests, in their order, drawn for those that have none; made counts these. One that is
// there is never drawn anew: a certificate may have its commitment.
func Openings(dir string, requests []certificate.Request) (list []certificate.Opening, made int, err error) {
	list, err = alone(dir, func() ([]certificate.Opening, error) {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, openingsName), 0o700), syncFolder(dir)); err != nil {
			return nil, fmt.Errorf("folder of openings: %w", err)
		}
		var all []certificate.Opening
		for _, r := range requests {
			o, err := ReadOpening(dir, r)
			if errors.Is(err, lake.ErrNotFound) {
				made++
				o, err = draw(dir, r)
			}
			if err != nil {
				return nil, err
			}
			all = append(all, o)
		}
		return all, nil
	})
	return list, made, err
}

func draw(dir string, r certificate.Request) (certificate.Opening, error) {
	o, err := certificate.NewOpening(r)
	if err != nil {
		return o, err
	}
	text, err := o.Text()
	if err != nil {
		return o, err
	}
	folder, name := openingFile(r)
	if err := write(filepath.Join(dir, folder), name, text); err != nil {
		return o, fmt.Errorf("keep the opening of a request: %w", err)
	}
	return o, nil
}

// ReadOpening is the opening that is kept of a request, told by its place. lake.ErrNotFound where none is, or no more.
func ReadOpening(dir string, r certificate.Request) (certificate.Opening, error) {
	folder, name := openingFile(r)
	text, err := os.ReadFile(filepath.Join(dir, folder, name))
	if errors.Is(err, fs.ErrNotExist) {
		return certificate.Opening{}, fmt.Errorf("opening of the request: %w", lake.ErrNotFound)
	}
	if err != nil {
		return certificate.Opening{}, fmt.Errorf("opening of the request: %w", err)
	}
	return certificate.ParseOpening(text)
}

// Forget deletes the opening of a request, told by its place, and says whether there was one. Nobody can tell any more
// which commitment of a certificate is the request's.
func Forget(dir string, r certificate.Request) (bool, error) {
	folder, name := openingFile(r)
	err := os.Remove(filepath.Join(dir, folder, name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("forget the opening of a request: %w", err)
	}
	return true, syncFolder(filepath.Join(dir, folder))
}
