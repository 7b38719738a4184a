package bench

import (
	"encoding/json"
	"testing"
	"time"
)

func TestFiguresOfTrinoAreReadInAnyUnit(t *testing.T) {
	for text, want := range map[string]time.Duration{
		`"0.00ns"`: 0, `"8.09ms"`: 8090 * time.Microsecond, `"1.50m"`: 90 * time.Second, `"2.00h"`: 2 * time.Hour, `"1.25d"`: 30 * time.Hour, `"350us"`: 350 * time.Microsecond,
	} {
		var d trinoDuration
		if err := json.Unmarshal([]byte(text), &d); err != nil || time.Duration(d) != want {
			t.Errorf("%s is read as %v, %v", text, time.Duration(d), err)
		}
	}
	for text, want := range map[string]trinoSize{`"0B"`: 0, `"1609136B"`: 1609136, `"1.50kB"`: 1536, `"2MB"`: 2 << 20, `"0.5GB"`: 1 << 29} {
		var s trinoSize
		if err := json.Unmarshal([]byte(text), &s); err != nil || s != want {
			t.Errorf("%s is read as %d, %v", text, s, err)
		}
	}
	for _, text := range []string{`"12"`, `"3 parsec"`, `"ms"`, `5`, `"1.2.3s"`} {
		var d trinoDuration
		var s trinoSize
		if json.Unmarshal([]byte(text), &d) == nil || json.Unmarshal([]byte(text), &s) == nil {
			t.Errorf("%s is read as %d and %d", text, d, s)
		}
	}
}

func TestTheMemoryOfANodeIsTheMostThatOneQueryHadThere(t *testing.T) {
	const query = `{"stages": {"stages": [
		{"tasks": [{"taskStatus": {"nodeId": "a"}, "stats": {"totalCpuTime": "1.00s", "peakUserMemoryReservation": "3MB"}}]},
		{"tasks": [{"taskStatus": {"nodeId": "a"}, "stats": {"totalCpuTime": "1.00s", "peakUserMemoryReservation": "2MB"}},
			{"taskStatus": {"nodeId": "b"}, "stats": {"totalCpuTime": "500.00ms", "peakUserMemoryReservation": "1MB"}}]}]}}`
	nodes := map[string]nodeMemory{}
	for _, text := range []string{query, `{"stages": {"stages": [{"tasks": [{"taskStatus": {"nodeId": "b"}, "stats": {"totalCpuTime": "1s", "peakUserMemoryReservation": "4MB"}}]}]}}`, `{"state": "FAILED"}`} {
		var q queryInfo
		if err := json.Unmarshal([]byte(text), &q); err != nil {
			t.Fatal(err)
		}
		q.addTo("job", nodes)
	}
	want := map[string]nodeMemory{"a": {"job", "a", 2, 5, 2}, "b": {"job", "b", 2, 4, 1.5}}
	for name, n := range want {
		if nodes[name] != n {
			t.Errorf("%+v, want %+v", nodes[name], n)
		}
	}
}
