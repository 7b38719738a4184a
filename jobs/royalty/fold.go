package royalty

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/lake"
)

// fold makes one row of the differences that would show what few people played. Where the ledger of before is gone
// nobody knows how many they are, and all that listens changed is folded.
func (r *restatement) fold(ctx context.Context) error {
	was, err := r.ledger.ByID(r.from.ledger)
	if errors.Is(err, lake.ErrExpired) {
		was, err = r.ledger.Empty(), nil
	}
	if err != nil {
		return err
	}
	if err := bindPeriods(ctx, r.db, "erased_from", was, []string{r.period}); err != nil {
		return err
	}
	if err := r.db.Run(ctx, "royalty/diff_folded", deletionBatch); err != nil {
		return fmt.Errorf("fold what few people changed: %w", err)
	}
	if err := r.db.Run(ctx, "royalty/diff_fold"); err != nil {
		return fmt.Errorf("fold what few people changed: %w", err)
	}
	return nil
}
