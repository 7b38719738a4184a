package browser

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/verbs"
)

// TestMain lets this binary be lakectl where it is called so.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lakectl": func() { os.Exit(frame.Main(verbs.Groups())) }})
}
