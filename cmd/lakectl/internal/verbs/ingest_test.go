package verbs

import (
	"testing"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
)

func TestWhatIngestRefusesForWhatItIsAskedIsWrongUsage(t *testing.T) {
	err := askedWrong(lake.WithHint(ingest.ErrUsage, "give one of these"))
	if frame.ExitCode(err) != frame.ExitUsage || lake.Hint(err) != "give one of these" {
		t.Errorf("got %v, code %d, hint %q", err, frame.ExitCode(err), lake.Hint(err))
	}
}
