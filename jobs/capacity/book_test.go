package capacity

import (
	"strings"
	"testing"
)

func TestEachNumberOfTheBookIsUsed(t *testing.T) {
	b, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, catalog := range Catalogs {
		p, err := New(parseLoad(t, "1000, 30, 15s, 1000000, 268435456, 1, "+catalog), b)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range p.Constants {
			used[c.Name] = true
		}
	}
	for _, c := range b {
		if !used[c.Name] {
			t.Errorf("%s is in no figure", c.Name)
		}
	}
}

func TestTheBooksOfTestsAndOfTheProgramNameTheSame(t *testing.T) {
	b, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(testBook(t).Names(), " "), strings.Join(b.Names(), " "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestADamagedBookIsRefusedByLine(t *testing.T) {
	const good = "a | 1 | u | - | lakectl a | f | m | d | is"
	for _, c := range []struct{ constants, assumptions, says string }{
		{good + "\na | 2 | u", "", "constants: line 2 has 3 fields"},
		{good + "\n\n# c\nb |  | u | - | lakectl a | f | m | d | is", "", "constants: line 4 has 9 fields, 9 that are filled"},
		{"a | x | u | - | lakectl a | f | m | d | is", "", `constants: line 1: "x": no number above 0`},
		{"a | 1 | u | many files | lakectl a | f | m | d | is", "", `constants: line 1: "many": no number above 0`},
		{good, "p | 0 | u | is", `assumptions: line 1: "0": no number above 0`},
		{good, "a | 1 | u | is", "a is there twice"},
	} {
		if _, err := Parse(c.constants, c.assumptions); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q, %q: %v, want %s", c.constants, c.assumptions, err, c.says)
		}
	}
}

func TestSetTakesNumbersThatMakeSense(t *testing.T) {
	b := testBook(t)
	for _, c := range []struct{ name, value, says string }{
		{"nobody", "1", `there is no constant "nobody"`},
		{"objects_per_commit", "", "objects_per_commit: \"\": no number above 0"},
		{"objects_per_commit", "0", "no number above 0"},
		{"objects_per_commit", "-1", "no number above 0"},
		{"objects_per_commit", "NaN", "no number above 0"},
		{"objects_per_commit", "Inf", "no number above 0"},
		{"price_core_hour", "-0.1", "no number above 0"},
		{"utilisation", "1.5", "a share is at most 1"},
		{"utilisation", "1e-300", "from 1e-09 to 1e+15"},
		{"archive_bytes_per_listen", "1e308", "from 1e-09 to 1e+15"},
		{"write_amplification", "0.5", "at least 1"},
	} {
		if _, err := b.Set(c.name, c.value); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s=%s: %v, want %s", c.name, c.value, err, c.says)
		}
	}
	set, err := b.Set("price_core_hour", "0")
	if err != nil {
		t.Fatal(err)
	}
	if c := set.Find("price_core_hour"); c.Value != 0 || !c.Set || c.Measured != nil {
		t.Errorf("%+v", c)
	}
	if c := b.Find("price_core_hour"); c.Value != 0.9 || c.Set {
		t.Errorf("the book that was given changed: %+v", c)
	}
}
