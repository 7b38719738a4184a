package capacity

import (
	_ "embed" // the data files
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

var (
	//go:embed constants.txt
	constantsText string
	//go:embed assumptions.txt
	assumptionsText string
)

// Constant is a number of the model.
type Constant struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Means string  `json:"means"`
	Set   bool    `json:"set_by_caller"`
	// Measured is nil for an assumption.
	Measured *Measured `json:"measured,omitempty"`
}

// Measured says where a constant came from.
type Measured struct {
	Command string  `json:"command"`
	Field   string  `json:"field"`           // of the command's report
	UpTo    float64 `json:"up_to,omitempty"` // the largest size that was measured; 0: it has no size
	Of      string  `json:"of,omitempty"`    // what the size counts
	Machine string  `json:"machine"`         // its class, see constants.txt
	Date    string  `json:"date"`
}

// Book is the constants and assumptions that a plan is made with, in the order of their files.
type Book []Constant

// Default is the book that is part of the program.
func Default() (Book, error) { return Parse(constantsText, assumptionsText) }

// Parse reads the texts of a book: a constant or an assumption a line, fields between bars.
func Parse(constants, assumptions string) (Book, error) {
	var b Book
	if err := lines(constants, 9, func(f []string) error {
		c, err := newConstant(f)
		b = append(b, c)
		return err
	}); err != nil {
		return nil, fmt.Errorf("constants: %w", err)
	}
	if err := lines(assumptions, 4, func(f []string) error {
		value, err := positive(f[1])
		b = append(b, Constant{Name: f[0], Value: value, Unit: f[2], Means: f[3]})
		return err
	}); err != nil {
		return nil, fmt.Errorf("assumptions: %w", err)
	}
	for i, c := range b {
		if slices.ContainsFunc(b[:i], func(o Constant) bool { return o.Name == c.Name }) {
			return nil, fmt.Errorf("%s is there twice", c.Name)
		}
	}
	return b, nil
}

func newConstant(f []string) (c Constant, err error) {
	m := &Measured{Command: f[4], Field: f[5], Machine: f[6], Date: f[7]}
	c = Constant{Name: f[0], Unit: f[2], Means: f[8], Measured: m}
	if c.Value, err = positive(f[1]); err != nil || f[3] == "-" {
		return c, err
	}
	size, of, _ := strings.Cut(f[3], " ")
	m.Of = of
	m.UpTo, err = positive(size)
	return c, err
}

func lines(text string, fields int, take func([]string) error) error {
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "|")
		for j := range f {
			f[j] = strings.TrimSpace(f[j])
		}
		if len(f) != fields || slices.Contains(f, "") {
			return fmt.Errorf("line %d has %d fields, %d that are filled are needed", i+1, len(f), fields)
		}
		if err := take(f); err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return nil
}

var errNumber = errors.New("no number above 0")

func positive(text string) (float64, error) {
	n, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
	if err != nil || !(n > 0) || math.IsInf(n, 0) {
		return 0, fmt.Errorf("%q: %w", text, errNumber)
	}
	return n, nil
}

// Names are those of all constants and assumptions.
func (b Book) Names() (names []string) {
	for _, c := range b {
		names = append(names, c.Name)
	}
	return names
}

// Find is the constant of a name that the book has.
func (b Book) Find(name string) Constant {
	return b[slices.IndexFunc(b, func(c Constant) bool { return c.Name == name })]
}

// What [Book.Set] takes. The product of all numbers of a plan is far from the end of float64 with these.
const (
	leastSet = 1e-9
	mostSet  = 1e15
)

// Set is the book with another value, which nobody measured. A price may be 0, a share is at most 1, and times of what
// is there are at least 1.
func (b Book) Set(name, text string) (Book, error) {
	i := slices.IndexFunc(b, func(c Constant) bool { return c.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no constant %q", name)
	}
	value, err := positive(text)
	if zero, no := strconv.ParseFloat(text, 64); err != nil && no == nil && zero == 0 && strings.HasPrefix(name, "price_") {
		value, err = 0, nil
	}
	switch unit := b[i].Unit; {
	case err != nil || value == 0:
	case value < leastSet || value > mostSet:
		err = fmt.Errorf("%q: from %g to %g", text, leastSet, mostSet)
	case unit == "share" && value > 1:
		err = fmt.Errorf("%q: a share is at most 1", text)
	case unit == "times" && value < 1:
		err = fmt.Errorf("%q: at least 1, what is there already", text)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	b = slices.Clone(b)
	b[i].Value, b[i].Measured, b[i].Set = value, nil, true
	return b, nil
}
