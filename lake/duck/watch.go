package duck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/lakectl/lakectl/lake"
)

const (
	watchEvery = 50 * time.Millisecond
	// leaveAfter is how long DuckDB may take to stop: it looks up between the vectors of 2048 rows, and one of wide
	// values can take minutes.
	leaveAfter = 500 * time.Millisecond
	// besides is what a process may need besides half as much again as the memory limit.
	besides = 512 << 20
)

// watched runs work on d until it ends, ctx ends, or the process has grown by far more than the memory limit: DuckDB
// keeps no account of the vectors that it computes with. Who does not stop then is left behind.
func watched(ctx context.Context, d *DB, memory int64, work func(context.Context) (Answer, error)) (Answer, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	type outcome struct {
		answer Answer
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		var a Answer
		err := lake.Safely(func() (err error) {
			a, err = work(ctx)
			return err
		})()
		done <- outcome{a, err}
	}()
	most := resident() + memory + memory/2 + besides
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case o := <-done:
			return o.answer, o.err
		case <-tick.C:
			if memory > 0 && resident() > most {
				stop(lake.WithHint(fmt.Errorf("query: it needs more than %d MiB of memory", most>>20), "ask for fewer or narrower values, or raise duckdb.memory_limit"))
			}
		case <-ctx.Done():
			leave := time.NewTimer(leaveAfter)
			defer leave.Stop()
			select {
			case o := <-done:
				if o.err == nil {
					return o.answer, nil
				}
				return Answer{}, context.Cause(ctx)
			case <-leave.C:
				return Answer{}, errors.Join(context.Cause(ctx), d.spill.remove())
			}
		}
	}
}

// resident is the memory of this process in bytes, 0 where the system does not tell.
func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
