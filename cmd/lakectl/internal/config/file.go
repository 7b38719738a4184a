package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

// maxConfigBytes is far over any real configuration: whoever names a data file
// by mistake gets an error instead of a full memory.
const maxConfigBytes = 1 << 20

// readConfigFile returns what the file sets, in its order. It walks the parsed
// nodes instead of decoding into a struct: only nodes know their line.
func readConfigFile(path string) ([]setting, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usage.Errorf("name an existing file with --config or LAKEHOUSE_CONFIG, or neither for the defaults", "read the configuration: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(f, maxConfigBytes+1))
	if err != nil {
		return nil, usage.Errorf("", "read the configuration: %w", err)
	}
	r := fileReader{name: filepath.Base(path)}
	if len(text) > maxConfigBytes {
		return nil, usage.Errorf("", "%s is over 1 MiB and no configuration", r.name)
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var doc, second yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, r.syntax(err)
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, usage.Errorf("", "%s holds a second document in line %d", r.name, second.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, r.syntax(err)
	}
	if err := r.section("", doc.Content[0]); err != nil {
		return nil, err
	}
	return r.settings, nil
}

// fileReader collects the settings of one file.
type fileReader struct {
	name     string
	settings []setting
}

func (r *fileReader) syntax(err error) error {
	return usage.Errorf("", "%s is not YAML: %s", r.name, strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " "))
}

func (r *fileReader) line(n *yaml.Node) string { return fmt.Sprintf("%s line %d", r.name, n.Line) }

// section reads the keys below path, "" for the top.
func (r *fileReader) section(path string, n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		if path == "" {
			return usage.Errorf("start with a section such as 'catalog:'", "%s holds no keys", r.line(n))
		}
		return usage.Errorf("", "%s (%s) is one value; it is a section with the keys %s", path, r.line(n), strings.Join(keysBelow(path), ", "))
	}
	seen := map[string]int{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := strings.TrimPrefix(path+"."+key.Value, ".")
		if line, twice := seen[name]; twice {
			return usage.Errorf("", "%s stands twice: %s line %d and line %d", name, r.name, line, key.Line)
		}
		seen[name] = key.Line
		if err := r.entry(name, key, value); err != nil {
			return err
		}
	}
	return nil
}

func (r *fileReader) entry(name string, key, value *yaml.Node) error {
	switch {
	case hasKey(name):
		return r.value(KeyByName(name), value)
	case len(keysBelow(name)) > 0:
		return r.section(name, value)
	default:
		return usage.Errorf("", "%s: unknown key %s; the nearest is %s", r.line(key), name, nearestKey(name))
	}
}

func (r *fileReader) value(k *Key, n *yaml.Node) error {
	s := setting{key: k, layer: fromFile, origin: r.line(n)}
	_, list := k.field(new(Config)).(*[]string)
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return usage.Errorf("give it a value or take the line out", "%s (%s) is empty; allowed: %s", k.name, s.origin, k.allowed())
	case n.Kind == yaml.ScalarNode:
		s.values = k.split(n.Value)
	case n.Kind == yaml.SequenceNode && list:
		for _, item := range n.Content {
			if item.Kind != yaml.ScalarNode {
				return usage.Errorf("", "%s (%s) holds an item that is no value; allowed: %s", k.name, r.line(item), k.allowed())
			}
			s.values = append(s.values, item.Value)
		}
	default:
		shape := map[yaml.Kind]string{yaml.SequenceNode: "a list", yaml.MappingNode: "a section", yaml.AliasNode: "an alias"}[n.Kind]
		return usage.Errorf("", "%s (%s) is %s; allowed: %s", k.name, s.origin, shape, k.allowed())
	}
	r.settings = append(r.settings, s)
	return nil
}

// keysBelow are the names that may follow a section's.
func keysBelow(section string) []string {
	var names []string
	for i := range keys {
		if rest, ok := strings.CutPrefix(keys[i].name, section+"."); ok {
			names = append(names, rest)
		}
	}
	return names
}

// nearestKey compares whole names, and last words too, so that a key that was
// typed into the wrong section is found.
func nearestKey(name string) string {
	var known, words []string
	for i := range keys {
		known = append(known, keys[i].name)
		words = append(words, lastWord(keys[i].name))
	}
	best, d := usage.Nearest(name, known)
	word, wd := usage.Nearest(lastWord(name), words)
	if wd+1 >= d {
		return best
	}
	for i := range words {
		if words[i] == word {
			return known[i]
		}
	}
	return best
}

func lastWord(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
