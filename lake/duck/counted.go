package duck

import (
	"context"
	"slices"

	"github.com/lakectl/lakectl/lake"
)

// counted answers a question for the number of all rows of a table, where manifests can say it: DuckDB would open each
// data file and each delete file for that. ok is false for any other question, and where only the files can say it.
func counted(ctx context.Context, q Query, asked statement, snapshots []lake.Snapshot) (a Answer, ok bool, err error) {
	if asked.counts == "" || len(snapshots) != 1 {
		return a, false, nil
	}
	s := snapshots[0]
	rows, told, err := s.CountRows(ctx)
	if err != nil || !told {
		return a, false, err
	}
	if q.Without != nil {
		if without, err := q.Without(ctx, s); err != nil || len(without) > 0 {
			return a, false, err
		}
	}
	a = Answer{Columns: []string{asked.counts}, Rows: [][]any{{rows}}}
	_, left := allColumns(s)
	for _, name := range left {
		a.Unread = append(a.Unread, s.Table().Name()+"."+name)
	}
	return a, true, nil
}

// countsOf is the name of the answer's column if a parsed text does nothing but count the rows of one table, else "".
// Whatever is not known to change nothing may change the answer.
func countsOf(parsed map[string]any) string {
	node, _ := parsed["node"].(map[string]any)
	from, _ := node["from_table"].(map[string]any)
	list, _ := node["select_list"].([]any)
	if len(list) != 1 || node["type"] != "SELECT_NODE" || node["aggregate_handling"] != "STANDARD_HANDLING" || from["type"] != "BASE_TABLE" {
		return ""
	}
	count, _ := list[0].(map[string]any)
	if count["class"] != "FUNCTION" || count["function_name"] != "count_star" ||
		!blank(parsed, "node") || !blank(node, "aggregate_handling", "from_table", "select_list") ||
		!blank(from, "alias", "query_location", "catalog_name", "schema_name", "table_name") ||
		!blank(count, "class", "alias", "query_location", "function_name") {
		return ""
	}
	if name, _ := count["alias"].(string); name != "" {
		return name
	}
	return "count_star()"
}

// blank tells whether a part of a parsed text has nothing but its type and the values under some names.
func blank(o map[string]any, besides ...string) bool {
	for key, v := range o {
		if key != "type" && !slices.Contains(besides, key) && !empty(v) {
			return false
		}
	}
	return true
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return blank(v)
	}
	return false
}
