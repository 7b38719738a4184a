package frame

import (
	"io"
	"log/slog"
	"os"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

// NewLog writes to w from the named level up, warn where none is named. The flag
// wins over the variable.
func NewLog(w io.Writer, level string) (*slog.Logger, error) {
	origin := "--log-level"
	if level == "" {
		level, origin = os.Getenv("LAKEHOUSE_LOG_LEVEL"), "LAKEHOUSE_LOG_LEVEL"
	}
	var from slog.Level
	switch level {
	case "debug":
		from = slog.LevelDebug
	case "info":
		from = slog.LevelInfo
	case "", "warn":
		from = slog.LevelWarn
	case "error":
		from = slog.LevelError
	default:
		return nil, usage.Errorf("", "%s is %q; allowed: debug, info, warn, error", origin, level)
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: from, ReplaceAttr: inUTC})), nil
}

func inUTC(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindTime {
		a.Value = slog.TimeValue(a.Value.Time().UTC())
	}
	return a
}
