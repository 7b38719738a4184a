package main

import "strings"

func sayInit(p *page, r initResult) {
	if len(r.Created) == 0 {
		p.idle("the lake in %s is complete", r.Warehouse)
		return
	}
	p.say("created in %s: %s", r.Warehouse, strings.Join(r.Created, ", "))
}

func sayConfig(p *page, keys []configRow) {
	set := int64(0)
	var rows [][]cell
	for _, k := range keys {
		if k.From != "" && k.From != "default" {
			set++
		}
		rows = append(rows, []cell{word(k.Key), word(k.Value), word(k.From), word(k.About)})
	}
	p.say("the configuration is right: %s, %s of them set", countOf(int64(len(keys)), "key"), thousands(set))
	p.table("", []column{{"key", 0}, {"value", 0}, {"from", 0}, {"about", 1}}, rows)
}

func sayVersions(p *page, v versions) {
	p.say("lakectl %s, with Go %s and DuckDB %s", v.Lakectl, v.Go, v.DuckDB)
	p.table("", []column{{"library", 0}, {"version", 0}}, [][]cell{
		{word("duckdb-go"), word(v.DuckDBGo)}, {word("iceberg-go"), word(v.IcebergGo)}, {word("arrow-go"), word(v.ArrowGo)},
	})
}
