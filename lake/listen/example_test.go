package listen_test

import (
	"fmt"

	"github.com/lakectl/lakectl/lake/listen"
)

// Each record is a listen, a deletion or a refusal; Kind says which of the three is set.
func ExampleDecoder() {
	records := []string{
		`{"type":"listen","listen_id":"l-1","user_id":"u-1","track_id":"t1","artist_id":"a1","device":"phone",
		  "event_time":"2026-03-15T10:00:00Z","received_time":"2026-03-15T10:01:00Z","ms_played":31000}`,
		`{"type":"deletion","request_id":"r-1","user_id":"u-1","requested_at":"2026-03-16T00:00:00Z",
		  "received_time":"2026-03-16T00:00:01Z"}`,
		`{"type":"listen","listen_id":"l-2"}`,
	}
	d := listen.NewDecoder(listen.DefaultLimits())
	for _, record := range records {
		switch d.Decode([]byte(record), 0, listen.NoClock) {
		case listen.IsListen:
			fmt.Println("listen", d.Listen.ListenID, d.Listen.MsPlayed, d.Listen.Country)
		case listen.IsDeletion:
			fmt.Println("deletion", d.Deletion.RequestID)
		case listen.IsRefused:
			fmt.Println("refused", d.Refusal.Reason, d.Refusal.Detail)
		}
	}
	// Output:
	// listen l-1 31000 ZZ
	// deletion r-1
	// refused missing_field user_id
}
