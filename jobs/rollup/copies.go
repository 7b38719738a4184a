package rollup

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/rollup/recent"
	"github.com/lakectl/lakectl/lake"
)

// copies tells the later copies of a listen from the one that counts, as far as this machine remembers. Without a
// memory every copy counts.
type copies struct {
	memory *recent.Memory
	left   map[string][]int64 // rows of new archive files that are later copies, by file
}

// copiesWait is how long a run waits for another one on the same machine to give the memory back.
const copiesWait = time.Minute

func openCopies(ctx context.Context, env jobs.Env, folder string) (c copies, err error) {
	if folder == "" {
		return c, nil
	}
	c.memory, err = recent.Open(ctx, folder, recent.Options{Wait: copiesWait, Verify: env.Duck.Verify, Log: env.Log})
	err = c.without(ctx, env, err)
	return c, err
}

// without goes on without the memory after an error that is the memory's own.
func (c *copies) without(ctx context.Context, env jobs.Env, err error) error {
	if err == nil || ctx.Err() != nil || errors.Is(err, lake.ErrDamaged) {
		return err
	}
	env.Log.Warn("counting every copy of a listen until its day is compared: the memory of recent ids cannot be used", "error", err)
	closed := c.close()
	c.left = nil
	if closed != nil {
		env.Log.Warn("the memory of recent ids was not closed", "error", closed)
	}
	return nil
}

func (c *copies) close() error {
	m := c.memory
	c.memory = nil
	if m == nil {
		return nil
	}
	return m.Close()
}

// sift finds the later copies among the new files of all groups.
func (p *Plan) sift(ctx context.Context) error {
	c := &p.copies
	if c.memory == nil {
		return nil
	}
	// Where the tables disagree about what is new, or that cannot be told, positions tell what counts.
	covered := p.in.archive.ID()
	if g := p.groups[0]; len(p.groups) == 1 && !g.lost && len(g.torn) == 0 {
		covered = g.first().covered
	}
	var fresh []lake.File
	listed := map[string]bool{}
	for _, g := range p.groups {
		for _, f := range g.fresh {
			if !listed[f.FilePath()] {
				listed[f.FilePath()] = true
				fresh = append(fresh, f)
			}
		}
	}
	_, err := c.memory.Follow(ctx, p.in.archive, covered)
	if err == nil {
		var sifted recent.Sifted
		sifted, err = c.memory.Sift(ctx, p.in.archive, fresh)
		c.left = sifted.Left
	}
	return c.without(ctx, p.env, err)
}

// among is how many rows of files are later copies.
func (c *copies) among(files []lake.File) (n int64) {
	for _, f := range files {
		n += int64(len(c.left[f.FilePath()]))
	}
	return n
}

// laterCopies are the rows that do not count of archive files that the ledger does not cover.
func (p *Plan) laterCopies(ctx context.Context, files []lake.File) (map[string][]int64, error) {
	if p.copies.memory == nil {
		return nil, nil
	}
	sifted, err := p.copies.memory.Counts(ctx, p.in.archive, files)
	return sifted.Left, p.copies.without(ctx, p.env, err)
}

// daysLeft are the days of archive files of which rows were left out as later copies. The ledger may decide otherwise,
// so they are not exact.
func (p *Plan) daysLeft(ctx context.Context, files []lake.File, left map[string][]int64) (days, error) {
	all := days{}
	var unplaced []lake.File
	for _, f := range files {
		if len(left[f.FilePath()]) == 0 {
			continue
		}
		if day, known := lake.PartitionValue(f).(int); known {
			all[day] = true
		} else {
			unplaced = append(unplaced, f)
		}
	}
	if len(unplaced) == 0 {
		return all, nil
	}
	if err := p.db.BindFiles(ctx, "unplaced", p.in.archive, unplaced, "event_time"); err != nil {
		return nil, err
	}
	found, err := p.days(ctx, "rollup/unplaced_days")
	maps.Copy(all, found)
	return all, err
}

// keep remembers what the tables count from now on. A failure costs the next run a second look at the same files.
func (c *copies) keep(ctx context.Context, env jobs.Env, archiveID int64) {
	if c.memory == nil {
		return
	}
	if err := c.memory.Keep(ctx, archiveID); err != nil {
		env.Log.Warn("the memory of recent ids could not be written", "error", err)
	}
}
