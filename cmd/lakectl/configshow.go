package main

import (
	"context"
	"strings"
)

func configVerb() verb {
	return verb{
		Name:  "config",
		Short: "Show every configuration key, its value and where the value comes from.",
		Long: `Also checks the configuration: if a key is wrong, the command names it and ends with code 2.
The variable of a key like kafka.topic is LAKEHOUSE_KAFKA_TOPIC. Passwords are never shown.
A file looks like this; relative paths are relative to the working directory:

  catalog: {type: postgres, uri_file: /run/secrets/catalog-uri, warehouse: /data/warehouse}
  kafka:   {brokers: [kafka-1:9092, kafka-2:9092], topic: listens}
  ingest:  {flush_age: 15s, flush_bytes: 256MiB}`,
		Examples: []string{
			"lakectl --config lakehouse.yaml config",
			"LAKEHOUSE_KAFKA_TOPIC=test lakectl --json config",
		},
		Text: []teller{text(sayConfig)},
		Run:  runConfig,
	}
}

// configRow is one key as it stands.
type configRow struct {
	Key      string `json:"key"`
	Value    string `json:"value"`
	From     string `json:"from"` // default, a line of the file, a variable; "" where nothing sets it
	Variable string `json:"variable" text:"-"`
	About    string `json:"about"`
}

func runConfig(_ context.Context, c *call) (any, error) {
	rows := make([]configRow, 0, len(configKeys))
	for i := range configKeys {
		k := &configKeys[i]
		if k.idle != "" {
			continue
		}
		s := c.Config.set[k.name]
		value := strings.Join(s.values, ",")
		if value != "" && (k.secrecy == isSecret || k.secrecy == mayHoldSecret && holdsPassword(value)) {
			value = "(not shown)"
		}
		rows = append(rows, configRow{Key: k.name, Value: value, From: s.origin, Variable: k.variable(), About: k.about})
	}
	return rows, nil
}
