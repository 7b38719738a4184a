package bench

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// statementCost is what the runs of one statement took together in one measured job.
type statementCost struct {
	Of        string  `json:"of"`
	Statement string  `json:"statement"`
	Runs      int     `json:"runs"`
	Rows      int64   `json:"rows"` // that it gave, or changed
	Seconds   float64 `json:"seconds"`
}

// statementsListed is how many statements of a job are named.
const statementsListed = 8

// statementsIn sums what a job said of its statements in its log from debug up, the longest first.
func statementsIn(of string, log []byte) []statementCost {
	sums := map[string]*statementCost{}
	var list []*statementCost
	for line := range bytes.Lines(log) {
		if !bytes.Contains(line, []byte(`msg="statement done"`)) {
			continue
		}
		values := map[string]string{}
		for _, field := range strings.Fields(string(line)) {
			key, value, _ := strings.Cut(field, "=")
			values[key] = value
		}
		sum := sums[values["statement"]]
		if sum == nil {
			sum = &statementCost{Of: of, Statement: values["statement"]}
			sums[sum.Statement], list = sum, append(list, sum)
		}
		ms, _ := strconv.ParseInt(values["duration_ms"], 10, 64)
		rows, _ := strconv.ParseInt(values["rows"], 10, 64)
		sum.Runs, sum.Rows, sum.Seconds = sum.Runs+1, sum.Rows+rows, sum.Seconds+float64(ms)/1000
	}
	slices.SortStableFunc(list, func(a, b *statementCost) int { return cmp.Compare(b.Seconds, a.Seconds) })
	var top []statementCost
	for _, sum := range list[:min(len(list), statementsListed)] {
		top = append(top, *sum)
	}
	return top
}
