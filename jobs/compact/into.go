package compact

import (
	"fmt"
	"math"
	"slices"

	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
)

// into makes a row for the new file of the current one.
func (c *cursor) into(s *dayfile.Stream, r *dayfile.Packed) error {
	if c.epoch != s.Epoch() {
		c.number(s)
	}
	i := c.row()
	for _, column := range []int{msPlayed, sourcePartition, trackMs} {
		if n := c.long[column][i]; n < math.MinInt32 || n > math.MaxInt32 {
			return fmt.Errorf("%s: a large %s: %w", c.path, longColumns[column], errForeign)
		}
	}
	if r.ListenID = c.text[listenID].at(i); r.ListenID == "" || len(r.ListenID) > mostIDBytes {
		return fmt.Errorf("%s: a listen_id of no length or a large one: %w", c.path, errForeign)
	}
	if r.UserID = c.user; r.UserID == "" {
		return fmt.Errorf("%s: no %s: %w", c.path, textColumns[userID], errForeign)
	}
	r.Event, r.Received, r.Offset = c.long[eventTime][i], c.long[receivedTime][i], c.long[sourceOffset][i]
	r.MsPlayed, r.TrackMs, r.Partition = int32(c.long[msPlayed][i]), int32(c.long[trackMs][i]), int32(c.long[sourcePartition][i])
	r.Offline = c.flags[i]
	r.Words = c.words[i]
	for column := trackID; column < client; column++ { // the required ones
		if r.Words[streamColumns[column]] == 0 {
			return fmt.Errorf("%s: no %s: %w", c.path, textColumns[column], errForeign)
		}
	}
	return nil
}

// streamColumns are the columns of texts as the writer numbers them; listen ids have no numbers.
var streamColumns = [texts]int{
	listenID: -1, userID: dayfile.UserID, trackID: dayfile.TrackID, artistID: dayfile.ArtistID, device: dayfile.Device,
	country: dayfile.Country, tier: dayfile.Tier, sourceTopic: dayfile.SourceTopic, client: dayfile.Client, extra: dayfile.Extra,
}

// number numbers the texts of the batch, but for users, column by column.
func (c *cursor) number(s *dayfile.Stream) {
	c.words = slices.Grow(c.words[:0], c.n)[:c.n]
	for column := trackID; column < texts; column++ {
		to := streamColumns[column]
		if of := &c.text[column]; of.words != nil {
			of.numberWords(s, to, c.words)
		} else {
			for i, value := range of.values {
				c.words[i][to] = s.Word(to, value, dayfile.Hash(value))
			}
		}
	}
	c.epoch = s.Epoch()
}

// numberWords numbers texts of a dictionary, which asks for each once.
func (c *column) numberWords(s *dayfile.Stream, to int, rows [][dayfile.Words]uint32) {
	d := c.words
	if d.epoch != s.Epoch() {
		for i := range d.words {
			d.words[i].number = 0
		}
		d.epoch = s.Epoch()
	}
	for row, i := range c.index[:len(rows)] {
		if i == noWord {
			rows[row][to] = 0
			continue
		}
		w := &d.words[i]
		if w.number == 0 {
			w.number = s.Word(to, d.text(i), w.hash)
		}
		rows[row][to] = w.number
	}
}
