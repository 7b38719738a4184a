package serve

import (
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// placeName is the English name of a territory by its two letters; unknown where none was sent, the letters where
// nothing is known of them.
func placeName(code string) string {
	if code == "ZZ" {
		return "unknown"
	}
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := display.English.Regions().Name(region); name != "" {
		return name
	}
	return code
}
