package strip

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/lake"
)

// encryptedMagic ends a Parquet file whose footer is encrypted.
const encryptedMagic = "PARE"

// Encrypted is [lake.ErrUnsupported] for a file whose footer is encrypted: who has no key cannot write it anew. It is
// asked before a file is verified, which would find it damaged.
func Encrypted(ctx context.Context, f lake.File) (err error) {
	file, err := lake.Open(ctx, f.FilePath())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	end := make([]byte, len(encryptedMagic))
	if info.Size() < int64(len(end)) {
		return nil
	}
	if _, err := file.ReadAt(end, info.Size()-int64(len(end))); err != nil {
		return lake.NameFile(f.FilePath(), err)
	}
	if string(end) == encryptedMagic {
		return fmt.Errorf("it is encrypted: %w", lake.ErrUnsupported)
	}
	return nil
}
