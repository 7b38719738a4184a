package verbs

import (
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/lake"
)

// needMonth refuses the text of a flag that is no month.
func needMonth(flag, text string) error {
	if _, err := lake.ParseMonth(text); err != nil {
		return usage.Errorf("give a month like 2026-03", "--%s is %q", flag, text)
	}
	return nil
}
