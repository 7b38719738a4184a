package browser

import "testing"

// TestTheDashboardInABrowser makes one lake and looks at its dashboard in many ways. What adds listens comes last.
func TestTheDashboardInABrowser(t *testing.T) {
	w := newWorld(t)
	for _, part := range []struct {
		name string
		test func(*testing.T, *world)
	}{
		{"every view is there and breaks no rule", everyViewIsThere},
		{"a link that is not good says what to do", aBadLinkSaysWhatToDo},
		{"what the page says is what SQL says", figuresAreThoseOfTheTables},
		{"a keyboard reads every point", aKeyboardReadsEveryPoint},
		{"a keyboard signs in, goes about and exports", aKeyboardGoesAbout},
		{"a finger and a pointer read points", aPointerReadsPoints},
		{"nothing scrolls sideways on a phone", nothingScrollsSideways},
		{"without scripts the tables say the same", withoutScripts},
		{"a first view is small and all of it is ours", aFirstViewIsSmall},
		{"a page that was left holds no stream", aPageThatWasLeftHoldsNoStream},
		{"many pages share one stream", manyPagesShareOneStream},
		{"a page outlives its server", aPageOutlivesItsServer},
		{"a page follows new cuts by itself and moves only then", aPageFollowsNewCuts},
	} {
		t.Run(part.name, func(t *testing.T) {
			mine := *w
			mine.T = t
			part.test(t, &mine)
		})
	}
}
