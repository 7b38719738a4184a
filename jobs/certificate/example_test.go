package certificate_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/jobs/certificate"
)

// An owner erases what one request covers and hands out three things: the certificate, the log and the public key. The
// opening goes to the one person.
func Example() {
	key := must(certificate.NewKey())
	log := must(certificate.NewLog(key))
	opening := must(certificate.NewOpening(certificate.Request{SourceTopic: "listens", SourceOffset: 42, Subject: "6f1d"}))
	file, log, err := log.Issue(key, certificate.Batch{
		Lake: "0c5b8b1e5a6f4f1d", IssuedAt: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC), Verifier: "lakectl v1.0.0",
		Requests:       []certificate.Hash{must(opening.Commitment())},
		ObjectsRemoved: must(certificate.TallyOf([]string{"listens/data/day=2026-03-30/one.parquet"})),
		Residuals:      []certificate.Residual{{What: "backups"}},
	})
	fmt.Println("issued:", err == nil)

	evidence := certificate.Evidence{Certificate: file, Log: log.Text(), Opening: must(opening.Text()), Key: key.Public()}
	report, err := certificate.Verify(evidence)
	fmt.Println("valid:", report.Valid, err, "offset", report.Opened[0].SourceOffset, "in a log of", report.LogLines)

	evidence.Certificate[100] ^= 1
	report, err = certificate.Verify(evidence)
	fmt.Println("altered:", report.Valid, errors.Is(err, certificate.ErrAltered))
	// Output:
	// issued: true
	// valid: true <nil> offset 42 in a log of 2
	// altered: false true
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
