package simulate

import (
	"cmp"
	"fmt"
	"slices"
)

// Title is what a track is called and whose it is. All names are made up.
type Title struct {
	TrackID, Title   string
	ArtistID, Artist string
	LabelID, Label   string // "" where the artist has no label
}

var (
	artistFirst  = []string{"Amber", "Paper", "Northern", "Velvet", "Silent", "Copper", "Marble", "Neon", "Salt", "Winter", "Glass", "Hollow", "Lunar", "Cedar", "Static", "Golden", "Quiet"}
	artistSecond = []string{"Harbor", "Lanterns", "Orchard", "Satellites", "Meridian", "Foxes", "Parade", "Tides", "Avenue", "Arcade", "Rivers", "Signal", "Gardens"}
	titleFirst   = []string{"Slow", "Blue", "Last", "Empty", "Second", "Broken", "Early", "Open", "Distant", "Borrowed", "Electric", "Sleepless", "Unsent", "Half", "Long", "Little", "Burning", "Kind", "Double"}
	titleSecond  = []string{"Morning", "Ferry", "Letters", "Static", "Summer", "Windows", "Highway", "Echoes", "Dance", "Weather", "Hearts", "Station", "Machines", "Moon", "Answer", "Rooms", "Waltz", "Postcards", "Rain", "Horizon", "Lights", "Mirrors", "Engines"}
	labelNames   = []string{"Tidewater Records", "Night Bus", "Sugarhouse", "Ninth Floor Music", "Kestrel Sound"}
)

// Titles names every track of the service, in order of id. The same number has the same name in every month.
func (m *Month) Titles() []Title {
	titles := make([]Title, len(m.svc.tracks))
	for i, t := range m.svc.tracks {
		n := int(t.number)
		titles[i] = Title{
			TrackID: string(appendDigits([]byte{'t'}, n, 6)), ArtistID: string(appendDigits([]byte{'a'}, int(t.artist), 5)),
			Artist: artistName(int(t.artist)), Title: titleFirst[n%len(titleFirst)] + " " + titleSecond[n%len(titleSecond)],
		}
		// Of six artists one has no label.
		if label := int(t.artist) % (len(labelNames) + 1); label < len(labelNames) {
			titles[i].LabelID, titles[i].Label = fmt.Sprintf("l%d", label+1), labelNames[label]
		}
	}
	slices.SortFunc(titles, func(a, b Title) int { return cmp.Compare(a.TrackID, b.TrackID) })
	return titles
}

// artistName is another one for each number: the lists have no common factor in their lengths, and what comes around is
// numbered.
func artistName(n int) string {
	name := artistFirst[n%len(artistFirst)] + " " + artistSecond[n%len(artistSecond)]
	if round := n / (len(artistFirst) * len(artistSecond)); round > 0 {
		name += fmt.Sprintf(" %d", round+1)
	}
	return name
}
