package config

import "strings"

// Row is one key as it stands.
type Row struct {
	Key      string `json:"key"`
	Value    string `json:"value"`
	From     string `json:"from"` // default, a line of the file, a variable; "" where nothing sets it
	Variable string `json:"variable" text:"-"`
	About    string `json:"about"`
}

// Rows are all keys. No secret is in them.
func (c Config) Rows() []Row {
	rows := make([]Row, 0, len(keys))
	for i := range keys {
		k := &keys[i]
		s := c.set[k.name]
		value := strings.Join(s.values, ",")
		if value != "" && (k.secrecy == isSecret || k.secrecy == mayHoldSecret && holdsPassword(value)) {
			value = "(not shown)"
		}
		rows = append(rows, Row{Key: k.name, Value: value, From: s.origin, Variable: k.variable(), About: k.about})
	}
	return rows
}
