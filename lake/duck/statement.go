package duck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lakectl/lakectl/lake"
)

// statement is what a user's text asks of the lake.
type statement struct {
	tables []string // as they are written
	lists  bool     // it asks which tables there are
	// words are all that it calls anything, in lower case: each column that it names is one. all: it reads columns that
	// it does not name, or would not fail where it reads one.
	words map[string]bool
	all   bool
	// counts is the name of the answer's column if the number of rows of the one table is all that it asks for.
	counts string
}

const oneSelect = "give one SELECT over the tables that 'lakectl snapshots' lists"

// parse reads a user's text. It refuses what is not one SELECT, and a SELECT that would reach more than tables of
// the lake: DuckDB has table functions, scalar functions and names of tables that stand for files.
func (d *DB) parse(ctx context.Context, q Query) (statement, error) {
	if !utf8.ValidString(q.Text) || strings.ContainsRune(q.Text, 0) {
		return statement{}, lake.WithHint(errors.New("the text is not UTF-8"), oneSelect)
	}
	var tree string
	if err := d.OneText(ctx, "SELECT json_serialize_sql("+Quote(q.Text)+")::VARCHAR", nil, []any{&tree}); err != nil {
		if ctx.Err() != nil {
			return statement{}, ctx.Err()
		}
		return statement{}, lake.WithHint(err, oneSelect)
	}
	var parsed struct {
		Error      bool             `json:"error"`
		Message    string           `json:"error_message"`
		Statements []map[string]any `json:"statements"`
	}
	if err := json.Unmarshal([]byte(tree), &parsed); err != nil {
		return statement{}, lake.WithHint(fmt.Errorf("the text cannot be taken apart: %w", err), oneSelect)
	}
	switch {
	case parsed.Error && strings.HasPrefix(parsed.Message, "Only SELECT"):
		return statement{}, lake.WithHint(errors.New("only a SELECT can be run"), oneSelect)
	case parsed.Error:
		return statement{}, lake.WithHint(errors.New(parsed.Message), oneSelect)
	case len(parsed.Statements) != 1:
		return statement{}, lake.WithHint(fmt.Errorf("%d statements", len(parsed.Statements)), oneSelect)
	}
	w := walk{catalog: lower(q.Catalog), namespace: lower(q.Namespace), found: statement{words: map[string]bool{}, counts: countsOf(parsed.Statements[0])}}
	err := w.value(parsed.Statements[0], nil)
	return w.found, err
}

// scope are the names that WITH gives at a place of the text.
type scope struct {
	name string
	up   *scope
}

func (s *scope) has(name string) bool {
	for ; s != nil; s = s.up {
		if s.name == name {
			return true
		}
	}
	return false
}

// walk goes over a parsed text, in the form in which DuckDB writes it as JSON.
type walk struct {
	catalog, namespace string
	found              statement
}

func (w *walk) value(v any, names *scope) error {
	switch v := v.(type) {
	case map[string]any:
		return w.object(v, names)
	case []any:
		for _, item := range v {
			if err := w.value(item, names); err != nil {
				return err
			}
		}
	case string:
		w.found.words[lower(v)] = true
	}
	return nil
}

// parts are the kinds of things a SELECT is made of besides expressions. A kind that is not among them is refused:
// nobody knows what it reads.
var parts = []string{
	"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE",
	"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "EMPTY_FROM", "PIVOT", "SHOW_REF",
	"ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER", "ORDER_DEFAULT", "ASCENDING", "DESCENDING",
}

func (w *walk) object(o map[string]any, names *scope) error {
	if class, ok := o["class"].(string); ok {
		w.found.all = w.found.all || class == "STAR" || o["type"] == "OPERATOR_TRY"
		switch class {
		case "CONSTANT":
			return nil
		case "PARAMETER":
			return refused("a parameter")
		}
		if name, ok := o["function_name"].(string); ok {
			if err := w.function(name); err != nil {
				return err
			}
		}
	} else if kind, ok := o["type"].(string); ok {
		w.found.all = w.found.all || kind == "SHOW_REF" || kind == "PIVOT"
		if !slices.Contains(parts, kind) {
			return refused("a part of kind " + kind)
		}
		if err := w.part(kind, o, names); err != nil {
			return err
		}
	}
	if ctes, ok := o["cte_map"].(map[string]any); ok {
		var err error
		if names, err = w.with(ctes, names); err != nil {
			return err
		}
	}
	for key, v := range o {
		if key == "cte_map" || key == "cast_type" || key == "type_info" {
			continue
		}
		if err := w.value(v, names); err != nil {
			return err
		}
	}
	return nil
}

// part looks at what rows come from.
func (w *walk) part(kind string, o map[string]any, names *scope) error {
	switch kind {
	case "BASE_TABLE":
		return w.table(text(o["catalog_name"]), text(o["schema_name"]), text(o["table_name"]), names)
	case "TABLE_FUNCTION":
		f, _ := o["function"].(map[string]any)
		if name := lower(text(f["function_name"])); !slices.Contains(makers, name) {
			return refused("the table function " + name)
		}
	case "SHOW_REF":
		switch name := text(o["table_name"]); {
		case o["query"] != nil:
		case text(o["show_type"]) == "SHOW_UNQUALIFIED" && name == `"tables"`:
			w.found.lists = true
		default:
			return refused("SHOW " + strings.Trim(name, `"`))
		}
	}
	return nil
}

// table notes a table of the lake; names that WITH gives are none.
func (w *walk) table(catalog, schema, name string, names *scope) error {
	inner := names.has(lower(name))
	switch {
	case catalog == "" && (schema == "" || lower(schema) == "recurring") && inner:
		return nil
	case catalog != "" && lower(catalog) != w.catalog, schema != "" && lower(schema) != w.namespace:
		return lake.WithHint(fmt.Errorf("table %s: %w", strings.Trim(catalog+"."+schema+"."+name, "."), lake.ErrNotFound),
			"'lakectl snapshots' lists the tables, DESCRIBE TABLE their columns")
	}
	w.found.tables = append(w.found.tables, name)
	return nil
}

// with takes the names of a WITH in, one after the other: each sees those before it, and itself if it is recursive.
// A name that looks like a file's is refused: out of its scope DuckDB would take it for the file.
func (w *walk) with(ctes map[string]any, names *scope) (*scope, error) {
	list, _ := ctes["map"].([]any)
	for _, item := range list {
		entry, _ := item.(map[string]any)
		name := lower(text(entry["key"]))
		if strings.ContainsAny(name, `./\:*?[`) {
			return nil, refused("the name " + name + " in WITH")
		}
		inner := names
		if recursive(entry["value"]) {
			inner = &scope{name, names}
		}
		if err := w.value(entry["value"], inner); err != nil {
			return nil, err
		}
		names = &scope{name, names}
	}
	return names, nil
}

func recursive(cte any) bool {
	for _, key := range []string{"query", "node"} {
		o, _ := cte.(map[string]any)
		cte = o[key]
	}
	node, _ := cte.(map[string]any)
	return node["type"] == "RECURSIVE_CTE_NODE"
}

// makers are the table functions that make rows out of their arguments.
var makers = []string{
	"range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree", "regexp_split_to_table", "generate_subscripts",
	"test_all_types", "test_vector_types", "pg_timezone_names", "icu_calendar_names",
}

// readers are the functions that tell of more than their arguments: of settings, files and the rows in them, deleted
// ones too, of what views are made of, or that run a text which nobody has looked at.
var readers = []string{
	"current_setting", "getvariable", "getenv", "stats", "write_log", "parse_duckdb_log_message", "nextval", "currval",
	"query", "query_table", "json_serialize_plan", "json_execute_serialized_sql", "pg_get_viewdef", "which_secret",
	"read_text", "read_blob", "read_csv", "read_json", "read_parquet", "glob", "add_parquet_key", "in_search_path", "current_query",
	"combine", "finalize", // of the states of aggregates, which are bytes that nobody checks
}

func (w *walk) function(name string) error {
	name = lower(name)
	if slices.Contains(readers, name) || strings.HasPrefix(name, "__internal") {
		return refused("the function " + name)
	}
	return nil
}

func refused(what string) error {
	return lake.WithHint(fmt.Errorf("%s is not allowed: a query reads tables of the lake and nothing else", what), oneSelect)
}

// lower is how DuckDB compares names: ASCII letters only.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
