package config

import (
	"strings"
	"testing"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

func TestASchedulesMistakeNamesItsKeyAndWhatIsAllowed(t *testing.T) {
	for variable, value := range map[string]string{
		"ROYALTIES": "3am", "TRUE_UP": "24:00", "DELETIONS": "1", "MAINTAIN": "10ms", "ROLLUP": "on", "INGEST": "15m",
	} {
		_, err := Load("", []string{"LAKEHOUSE_SCHEDULE_" + variable + "=" + value}, nil)
		if !usage.Is(err) || !strings.Contains(err.Error(), "schedule."+strings.ToLower(variable)+" (LAKEHOUSE_SCHEDULE_"+variable+") is \""+value+"\"; allowed: ") {
			t.Errorf("%s: %v", variable, err)
		}
	}
	for _, job := range []string{"DELETIONS", "ROYALTIES", "TRUE_UP", "MAINTAIN"} {
		if _, err := Load("", []string{"LAKEHOUSE_SCHEDULE_" + job + "=snapshot"}, nil); err == nil || strings.Contains(err.Error(), "snapshot (") {
			t.Errorf("%s follows the archive: %v", job, err)
		}
	}
}

func TestEveryJobHasItsSchedule(t *testing.T) {
	c, err := Load("", []string{"LAKEHOUSE_SCHEDULE_TRUE_UP=off"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for job, want := range map[string]string{"rollup": "snapshot", "deletions": "1m0s", "royalties": "03:00", "true_up": "off", "maintain": "15m0s"} {
		if when, err := c.Schedule.Of(job); err != nil || when.String() != want {
			t.Errorf("%s: %s, %v", job, when, err)
		}
	}
	if _, err := c.Schedule.Of("audit"); !usage.Is(err) {
		t.Errorf("a job without a key: %v", err)
	}
}
