package capacity

import (
	"cmp"
	"slices"
)

// Plan is what a load needs.
type Plan struct {
	Load    Load     `json:"load"`
	Figures []Figure `json:"figures"`
	Limits  []Limit  `json:"limits"` // the one reached first is the first
	Rooms   []Room   `json:"rooms"`
	// Constants are those that a figure or a limit came from, in the order of the book.
	Constants   []Constant `json:"constants"`
	NotModelled []string   `json:"not_modelled"`
}

// Figure is one number of a plan.
type Figure struct {
	Part  string   `json:"part"`
	What  string   `json:"what"`
	Value float64  `json:"value"`
	Unit  string   `json:"unit"`
	From  []string `json:"from"`            // constants, assumptions, and parts of the load as in "load: days"
	Past  []string `json:"beyond_measured"` // constants that are used beyond the size they were measured up to
}

// Limit is a stage that all listens pass, and how much of it the load takes.
type Limit struct {
	Stage string   `json:"stage"`
	Need  float64  `json:"need"`
	Takes float64  `json:"takes"`
	Unit  string   `json:"unit"`
	Used  float64  `json:"used"`                    // need to takes; above 1 the stage falls behind
	Fits  float64  `json:"fits_listens_per_second"` // about: the load that takes all of it
	Help  string   `json:"help"`
	From  []string `json:"from"`
	Past  []string `json:"beyond_measured"`
}

// Room is how many ingesters commit to one table of a catalog without falling behind, at a flush. Those that share
// commits are all counted.
type Room struct {
	Catalog   string   `json:"catalog"`
	Seconds   float64  `json:"flush_seconds"`
	Ingesters float64  `json:"ingesters"`
	From      []string `json:"from"`
	Past      []string `json:"beyond_measured"`
}

// notModelled is what no figure has in it, for want of a measurement.
func notModelled() []string {
	return []string{
		"the memory of Trino", "erasures and purges", "the tables of the dashboard", "requests of readers",
		"the brokers, the catalog's database and the network", "backups",
	}
}

// New makes the plan of a load.
func New(l Load, b Book) (Plan, error) {
	if err := l.check(); err != nil {
		return Plan{}, err
	}
	l.FlushSeconds = l.Flush.Seconds()
	m := model{load: l, book: b, plan: Plan{Load: l, NotModelled: notModelled()}}
	m.ingest()
	m.files()
	m.jobs()
	m.store()
	m.costs()
	m.rooms()
	slices.SortStableFunc(m.plan.Limits, func(x, y Limit) int { return cmp.Compare(y.Used, x.Used) })
	for _, c := range b {
		if m.uses(c.Name) {
			m.plan.Constants = append(m.plan.Constants, c)
		}
	}
	return m.plan, nil
}

// Binding is the stage that is the first to fall behind when the load grows.
func (p Plan) Binding() Limit { return p.Limits[0] }

// Over counts the stages that fall behind.
func (p Plan) Over() (n int) {
	for _, l := range p.Limits {
		if l.Used > 1 {
			n++
		}
	}
	return n
}

func (m *model) uses(name string) bool {
	return slices.ContainsFunc(m.plan.Figures, func(f Figure) bool { return slices.Contains(f.From, name) }) ||
		slices.ContainsFunc(m.plan.Limits, func(l Limit) bool { return slices.Contains(l.From, name) }) ||
		slices.ContainsFunc(m.plan.Rooms, func(r Room) bool { return slices.Contains(r.From, name) })
}
