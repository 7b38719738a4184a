package verbs

import (
	"context"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/config"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

func configVerb() frame.Verb {
	return frame.Verb{
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
		Text: []frame.Teller{frame.Text(sayConfig)},
		Run:  func(_ context.Context, c *frame.Call) (any, error) { return c.Config.Rows(), nil },
	}
}

func sayConfig(p *frame.Page, keys []config.Row) {
	set := int64(0)
	var rows [][]frame.Cell
	for _, k := range keys {
		if k.From != "" && k.From != "default" {
			set++
		}
		rows = append(rows, []frame.Cell{frame.Word(k.Key), frame.Word(k.Value), frame.Word(k.From), frame.Word(k.About)})
	}
	p.Say("the configuration is right: %s, %s of them set", frame.CountOf(int64(len(keys)), "key"), frame.Thousands(set))
	p.Table("", []frame.Column{{Name: "key"}, {Name: "value"}, {Name: "from"}, {Name: "about", Goes: 1}}, rows)
}
