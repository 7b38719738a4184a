package capacity

import (
	"fmt"
	"math"
)

const (
	aDay     = 86_400 // seconds
	anHour   = 3600
	aBillion = 1e9
)

// model is a plan in the making. The amounts are what later parts go on with.
type model struct {
	load Load
	book Book
	plan Plan

	listens, days               amount // a second; that are kept
	ingesters, interval, commit amount // interval: seconds between two flushes of a member; commit: a second
	ingestFiles, dayFiles       amount // written by ingest a day; left of a day
	archiveBytes, ledgerBytes   amount // of all days
	passes                      amount // bytes that compaction writes for each that ingest wrote
	writes, reads               amount // requests a day
	cpu                         amount // seconds a listen
}

// of is a constant.
func (m *model) of(name string) amount {
	return amount{value: m.book.Find(name).Value, from: []string{name}}
}

// at is a constant that is used at a size. Beyond the size that was measured it says so.
func (m *model) at(name string, size amount) amount {
	a := m.of(name)
	if at := m.book.Find(name).Measured; at != nil && at.UpTo > 0 && size.value > at.UpTo {
		a.past = []string{name}
	}
	return a
}

func given(what string, value float64) amount {
	return amount{value: value, from: []string{"load: " + what}}
}

func (m *model) say(part, what, unit string, a amount) {
	m.plan.Figures = append(m.plan.Figures, Figure{Part: part, What: what, Value: a.value, Unit: unit, From: a.from, Past: a.beyond()})
}

// limit adds a stage, which is none where nothing is needed of it.
func (m *model) limit(stage, unit string, need, takes amount, help string) {
	if need.value == 0 {
		return
	}
	used := need.by(takes)
	m.plan.Limits = append(m.plan.Limits, Limit{
		Stage: stage, Need: need.value, Takes: takes.value, Unit: unit, Used: used.value, Fits: m.listens.value / used.value, Help: help, From: used.from, Past: used.beyond(),
	})
}

func (m *model) ingest() {
	const part = "ingest"
	l := m.load
	m.listens, m.days = given("listens_per_second", l.ListensPerSecond), given("days", float64(l.Days))
	rate := m.of("ingest_listens_per_second")
	planned := rate.times(m.of("utilisation"))
	m.ingesters = m.listens.by(planned).whole()
	rate = m.at("ingest_listens_per_second", m.ingesters)
	m.ingesters = m.ingesters.with(m.ingesters.value, rate)
	m.say(part, "ingesters", "", m.ingesters)
	m.say(part, "partitions of the topic", "", m.ingesters.times(m.of("partitions_per_ingester")))
	m.say(part, "bytes of the topic", "bytes/s", m.listens.times(m.of("topic_bytes_per_listen")))
	m.say(part, "memory of all ingesters", "bytes", m.ingesters.times(m.of("ingest_memory_mib"), number(1<<20)))

	full := least(given("flush_rows", float64(l.FlushRows)), given("flush_bytes", float64(l.FlushBytes)).by(m.of("topic_bytes_per_listen")))
	m.interval = least(given("flush_seconds", l.Flush.Seconds()), full.by(m.listens.by(m.ingesters)))
	m.say(part, "between two flushes of an ingester", "s", m.interval)
	committers := m.ingesters.by(given("members_a_commit", float64(l.Share))).whole()
	m.commit = committers.by(m.interval)
	m.say(part, "commits to listens", "commits/s", m.commit)
	takes := m.at("commits_per_second_"+l.Catalog, committers).times(m.of("utilisation"))
	m.say(part, "ingesters whose commits fit", "", takes.times(m.interval, given("members_a_commit", float64(l.Share))).down())
	m.limit("commits to listens", "commits/s", m.commit, takes, m.fewerCommits(m.commit.value/takes.value))
}

// down is the amount rounded down.
func (a amount) down() amount { return a.with(math.Floor(a.value * (1 + 1e-12))) }

// fewerCommits says what to do about a table that takes fewer commits than there are.
func (m *model) fewerCommits(over float64) string {
	if over <= 1 {
		return "none is needed; what helps first is a longer flush (ingest.flush_age, ingest.flush_rows, ingest.flush_bytes)"
	}
	return fmt.Sprintf("let an ingester flush every %.3g s instead of every %.3g (ingest.flush_age, ingest.flush_rows, ingest.flush_bytes; it keeps more in memory), "+
		"or let %.0f ingesters share a commit, which ingest cannot do today and 'lakectl bench committers --share' simulates",
		m.interval.value*over, m.interval.value, math.Ceil(over*float64(m.load.Share)))
}

func (m *model) files() {
	const part = "files"
	perDay := m.listens.times(number(aDay))
	m.ingestFiles = m.ingesters.by(m.interval).times(number(aDay), m.of("days_in_a_flush"))
	m.say(part, "data files that ingest writes", "files/day", m.ingestFiles)
	dayBytes := perDay.times(m.of("archive_bytes_per_listen"))
	m.dayFiles = dayBytes.by(m.of("compacted_file_bytes")).whole()
	m.say(part, "data files of a day after maintenance", "files", m.dayFiles)
	waiting := m.ingestFiles.times(m.of("maintenance_seconds")).by(number(aDay))
	all := m.dayFiles.times(m.days).plus(waiting)
	m.say(part, "data files of the archive", "files", all)
	bytes := all.times(m.at("manifest_bytes_per_file", all))
	m.say(part, "bytes of its manifests", "bytes", bytes)
	m.say(part, "manifests", "files", bytes.by(m.of("manifest_target_bytes")).whole())
	m.say(part, "planning of a query of all days", "s", all.times(m.at("planning_us_per_file", all), number(1e-6)))
	m.say(part, "planning of a query of one day", "s", m.dayFiles.times(m.at("planning_us_per_file", m.dayFiles), number(1e-6)))
	m.archiveBytes = dayBytes.times(m.days)
	m.ledgerBytes = perDay.times(m.of("ledger_bytes_per_listen"), m.days)
}

// jobs are the stages that one process does for all listens.
func (m *model) jobs() {
	const part = "jobs"
	const faster = "it is one process and no setting splits it: measure it on a faster machine (%s) and give the result with --set %s=..."
	rate := m.of("utilisation")
	perDay := m.listens.times(number(aDay))

	rollup := m.at("rollup_listens_per_second", m.listens.times(m.interval)).times(rate)
	m.limit("job rollup", "listens/s", m.listens, rollup, fmt.Sprintf(faster, "lakectl bench rollup", "rollup_listens_per_second"))

	night := m.at("night_listens_per_second", perDay)
	m.say(part, "a night of royalties", "s", perDay.by(night))
	needed := perDay.by(m.of("night_hours").times(number(anHour)))
	m.limit("job royalties", "listens/s", needed, night.times(rate), fmt.Sprintf(faster, "lakectl bench royalties", "night_listens_per_second")+"; or give it more of the day with --set night_hours=...")

	month := perDay.times(m.of("days_of_a_month"))
	m.say(part, "a recount of one month (--full)", "s", month.by(m.at("recount_listens_per_second", month)))

	m.passes = m.at("write_amplification", m.commit.times(number(aDay))).plus(number(-1))
	compacted := m.listens.times(m.passes)
	m.say(part, "bytes that compaction writes", "bytes/s", compacted.times(m.of("archive_bytes_per_listen")))
	m.limit("job maintain", "listens/s", compacted, m.at("compaction_listens_per_second", perDay).times(rate), fmt.Sprintf(faster, "lakectl bench maintain", "compaction_listens_per_second"))

	m.cpu = m.of("ingest_cpu_us_per_listen").plus(m.of("rollup_cpu_us_per_listen"), m.of("night_cpu_us_per_listen"), m.of("compaction_cpu_us_per_listen").times(m.passes)).times(number(1e-6))
	m.say(part, "busy cores, all stages", "cores", m.listens.times(m.cpu))
}

func (m *model) store() {
	const part = "store"
	m.say(part, "archive", "bytes", m.archiveBytes)
	m.say(part, "ledger", "bytes", m.ledgerBytes)
	m.say(part, "archive and ledger", "bytes", m.archiveBytes.plus(m.ledgerBytes))
	m.writes = m.commit.times(number(aDay), m.of("objects_per_commit")).plus(m.ingestFiles, m.dayFiles)
	m.say(part, "requests that write, at least", "requests/day", m.writes)
	m.reads = m.ingestFiles.times(m.passes)
	m.say(part, "requests of compaction, at least", "requests/day", m.reads)
}

// costs are per billion listens, of the load at the end of the days that are kept.
func (m *model) costs() {
	const part, unit = "cost per billion", ""
	perDay := m.listens.times(number(aDay))
	cpu := m.cpu.times(number(aBillion)).by(m.of("utilisation").times(number(anHour))).times(m.of("price_core_hour"))
	m.say(part, "machines", unit, cpu)
	months := m.days.by(m.of("days_of_a_month"))
	stored := m.of("archive_bytes_per_listen").plus(m.of("ledger_bytes_per_listen")).times(number(aBillion), number(1e-9), months, m.of("price_gigabyte_month"))
	m.say(part, "storage, for all the days", unit, stored)
	requests := m.writes.times(m.of("price_thousand_writes")).plus(m.reads.times(m.of("price_thousand_reads"))).times(number(aBillion), number(1e-3)).by(perDay)
	m.say(part, "requests, at least", unit, requests)
	m.say(part, "all of it", unit, cpu.plus(stored, requests))
}

// rooms are those of each catalog at some flushes.
func (m *model) rooms() {
	share := given("members_a_commit", float64(m.load.Share))
	for _, seconds := range []float64{5, 15, 60, 300} {
		for _, catalog := range Catalogs {
			name := "commits_per_second_" + catalog
			committers := m.of(name).times(m.of("utilisation"), number(seconds)).down()
			room := committers.times(share).with(committers.value*share.value, m.at(name, committers))
			m.plan.Rooms = append(m.plan.Rooms, Room{catalog, seconds, room.value, room.from, room.beyond()})
		}
	}
}
