package frame

import (
	"bytes"
	"testing"
)

func TestProgressIsQuietInAPipe(t *testing.T) {
	var b bytes.Buffer
	p := NewProgress(&b)
	p.Say("counting 5 rows")
	p.Clear()
	if b.Len() > 0 {
		t.Fatalf("got %q", b.String())
	}
}

func TestLogLinesDoNotRunIntoTheProgressLine(t *testing.T) {
	var b bytes.Buffer
	p := &Progress{w: &b, on: true}
	p.Say("counting 5 rows")
	log, err := NewLog(p, "info")
	if err != nil {
		t.Fatal(err)
	}
	log.Debug("not written")
	if _, err := p.Write([]byte("a log line\n")); err != nil {
		t.Fatal(err)
	}
	p.Clear()
	if want := "\r\x1b[Kcounting 5 rows\r\x1b[Ka log line\n"; b.String() != want {
		t.Fatalf("got %q", b.String())
	}
}
