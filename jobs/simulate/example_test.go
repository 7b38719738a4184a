package simulate_test

import (
	"fmt"

	"github.com/lakectl/lakectl/jobs/simulate"
)

// A seed gives the same month every time, and says what the tables must hold in the end.
func ExampleNew() {
	month := simulate.New(simulate.Options{Seed: 7, Listens: 1000})
	records, ordered, last := 0, true, int64(0)
	for e := range month.Events() {
		records++
		ordered, last = ordered && e.ReceivedTime >= last, e.ReceivedTime
	}
	truth := month.Truth()
	fmt.Println("every record is counted:", records == truth.Records)
	fmt.Println("in the order of arrival:", ordered)
	fmt.Println("some arrive more than once:", truth.Copies > truth.Listens)
	fmt.Println(truth.From.Format("January 2006"))
	// Output:
	// every record is counted: true
	// in the order of arrival: true
	// some arrive more than once: true
	// March 2026
}
