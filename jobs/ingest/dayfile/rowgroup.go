package dayfile

import (
	"slices"

	"github.com/apache/arrow-go/v18/parquet"

	"github.com/lakectl/lakectl/lake/listen"
)

// rowGroup holds the columns of one row group. In those that may lack a value a zero says so.
type rowGroup struct {
	source                       string
	ids                          []parquet.ByteArray
	event, received, offset      []int64
	msPlayed, trackMs, partition []int32
	offline                      []listen.Flag
	words                        [wordColumns]words
	fetched                      uint64 // means nothing; without it the compiler would leave fetch out
}

func newRowGroup(r *Rows, source string) *rowGroup {
	g := &rowGroup{source: source}
	for i := range g.words {
		l := &r.lexicons[i]
		g.words[i] = words{lexicon: l, local: make([]int32, len(l.words))}
	}
	return g
}

// fill takes the values of rows. It looks at each row once: they are all over the batch.
func (g *rowGroup) fill(r *Rows, order []place) {
	g.reset(len(order))
	for i, p := range order {
		if i%ahead == 0 {
			g.fetch(r, order[i:min(i+ahead, len(order))])
		}
		row := r.at(p.row)
		g.ids = append(g.ids, r.listenID(row))
		g.event = append(g.event, row.event)
		g.received = append(g.received, row.received)
		g.offset = append(g.offset, row.offset)
		g.msPlayed = append(g.msPlayed, row.msPlayed)
		g.trackMs = append(g.trackMs, row.trackMs)
		g.partition = append(g.partition, row.partition)
		g.offline = append(g.offline, row.offline)
		for i := range g.words {
			g.words[i].add(row.words[i])
		}
	}
}

// ahead is how many rows are fetched at once: some kilobytes.
const ahead = 32

// fetch gets rows from memory into the processor's cache. It waits for all of them together, while taking the values
// it would wait for one after the other.
func (g *rowGroup) fetch(r *Rows, order []place) {
	for _, p := range order {
		row := r.at(p.row)
		g.fetched += uint64(row.offline) + uint64(row.event)
		g.fetched += uint64(r.listenID(row)[0])
	}
}

// reset makes room for a number of rows.
func (g *rowGroup) reset(rows int) {
	g.ids = slices.Grow(g.ids[:0], rows)
	for _, c := range []*[]int64{&g.event, &g.received, &g.offset} {
		*c = slices.Grow((*c)[:0], rows)
	}
	for _, c := range []*[]int32{&g.msPlayed, &g.trackMs, &g.partition} {
		*c = slices.Grow((*c)[:0], rows)
	}
	g.offline = slices.Grow(g.offline[:0], rows)
	for i := range g.words {
		g.words[i].reset(rows)
	}
}

// words are the values of a text column of a row group, as a dictionary that holds no others.
type words struct {
	lexicon    *lexicon
	local      []int32  // by number in the lexicon: the index in the dictionary, plus 1; 0 for none
	dictionary []uint32 // numbers in the lexicon
	bytes      int64    // of the dictionary as Parquet has it
	indices    []int32  // one a row; noWord where there is no value
}

const (
	noWord      = -1
	lengthBytes = 4 // in front of each text in Parquet
)

func (w *words) reset(rows int) {
	for _, number := range w.dictionary {
		w.local[number] = 0
	}
	w.grow()
	w.dictionary, w.bytes = w.dictionary[:0], 0
	w.indices = slices.Grow(w.indices[:0], rows)
}

// grow makes room for what the lexicon has now.
func (w *words) grow() {
	if more := len(w.lexicon.words) - len(w.local); more > 0 {
		w.local = append(w.local, make([]int32, more)...)
	}
}

// settle makes indices of numbers of the lexicon, which stand in their place: column by column, for they lie all over
// what the lexicon has.
func (w *words) settle() {
	w.grow()
	numbers := w.indices
	w.indices = w.indices[:0]
	for _, number := range numbers {
		w.add(uint32(number))
	}
}

// add appends a row's value.
func (w *words) add(number uint32) {
	if number == 0 {
		w.indices = append(w.indices, noWord)
		return
	}
	index := w.local[number]
	if index == 0 {
		w.dictionary = append(w.dictionary, number)
		w.bytes += int64(lengthBytes + len(w.lexicon.words[number]))
		index = int32(len(w.dictionary))
		w.local[number] = index
	}
	w.indices = append(w.indices, index-1)
}

// repeat tells whether a dictionary saves anything.
func (w *words) repeat() bool { return 2*len(w.dictionary) < len(w.indices) }

// texts are the values of the dictionary.
func (w *words) texts() []string {
	texts := make([]string, len(w.dictionary))
	for i, number := range w.dictionary {
		texts[i] = w.lexicon.words[number]
	}
	return texts
}
