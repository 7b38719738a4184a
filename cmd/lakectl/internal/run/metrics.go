package run

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("lakectl_"+name, help, labels, nil)
}

// Units are in the names; times are seconds since 1970.
var (
	descLeads     = desc("run_leads", "Whether this process runs the jobs of the lake.")
	descRestarts  = desc("run_ingest_restarts_total", "How often ingest was begun again after a failure.")
	descRuns      = desc("job_runs_total", "Runs that ended, by how: done, again, failed.", "job", "outcome")
	descRunning   = desc("job_running", "Whether the job runs now.", "job")
	descFailing   = desc("job_failing", "Whether the newest run failed.", "job")
	descStart     = desc("job_last_start_seconds", "When the newest run began.", "job")
	descDone      = desc("job_last_done_seconds", "When a run last ended well.", "job")
	descTook      = desc("job_last_duration_seconds", "How long the newest run took.", "job")
	descNext      = desc("job_next_run_seconds", "When the job runs next.", "job")
	descLag       = desc("job_lag_seconds", "How long the oldest archive snapshot waits for the job; of jobs that do not follow the archive how long it has been due.", "job")
	descWatermark = desc("job_watermark_seconds", "Commit time of the archive snapshot that the job has taken in.", "job")
)

// Describe is [prometheus.Collector].
func (r *Runner) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descLeads, descRestarts, descRuns, descRunning, descFailing, descStart, descDone, descTook, descNext, descLag, descWatermark} {
		out <- d
	}
}

// Collect is [prometheus.Collector].
func (r *Runner) Collect(out chan<- prometheus.Metric) {
	s := r.Status()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	at := func(d *prometheus.Desc, when time.Time, job string) {
		if !when.IsZero() {
			gauge(d, float64(when.UnixMilli())/1e3, job)
		}
	}
	count := func(d *prometheus.Desc, n int64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge(descLeads, yes(s.Lease.Leads))
	count(descRestarts, s.Ingest.Restarts)
	for _, j := range s.Jobs {
		count(descRuns, j.Runs, j.Job, "done")
		count(descRuns, j.Again, j.Job, "again")
		count(descRuns, j.Failures, j.Job, "failed")
		gauge(descRunning, yes(j.State == "runs"), j.Job)
		gauge(descFailing, yes(j.LastError != ""), j.Job)
		gauge(descLag, j.LagSeconds, j.Job)
		gauge(descTook, j.LastSeconds, j.Job)
		at(descStart, j.LastStart, j.Job)
		at(descDone, j.LastDone, j.Job)
		at(descNext, j.NextRun, j.Job)
		at(descWatermark, j.Watermark, j.Job)
	}
}

func yes(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
