package bench

import (
	"os/exec"
	"testing"
)

func TestPeakOfAJobIsNotThatOfTheBench(t *testing.T) {
	const large = 256 << 20
	memory := make([]byte, large)
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
	peak, err := peakOf(exec.CommandContext(t.Context(), "sleep", "0.2"))
	if err != nil {
		t.Fatal(err)
	}
	if peak == 0 || peak > large/4>>10 {
		t.Errorf("sleep had %d KiB beside %d KiB of the bench", peak, len(memory)>>10)
	}
	memory[0] = 2
}

func TestPeakOfAJobThatFailsIsItsError(t *testing.T) {
	if _, err := peakOf(exec.CommandContext(t.Context(), "false")); err == nil {
		t.Error("a job failed without an error")
	}
}
