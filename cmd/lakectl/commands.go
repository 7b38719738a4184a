package main

// verbGroup is the verbs of one purpose, listed together by the help of the root.
type verbGroup struct {
	Title string
	Verbs []verb
}

// verbGroups is every verb of lakectl in the order in which help lists them: the order a new user needs them in.
func verbGroups() []verbGroup {
	return []verbGroup{
		{Title: "Start", Verbs: []verb{demoVerb(), initVerb(), configVerb(), completionVerb(), versionVerb(), helpVerb()}},
		{Title: "Run", Verbs: []verb{ingestVerb(), jobVerb(), periodVerb(), quarantineVerb()}},
		{Title: "Read", Verbs: []verb{sqlVerb(), snapshotsVerb(), royaltiesVerb(), deletionsVerb(), tokenVerb()}},
		{Title: "Inputs of royalties", Verbs: []verb{rulesVerb(), poolsVerb(), splitsVerb(), tracksVerb()}},
		{Title: "Tools", Verbs: []verb{tagVerb(), catalogVerb(), benchVerb()}},
	}
}

// commands is the verbs of all groups.
func commands() []verb {
	var all []verb
	for _, g := range verbGroups() {
		all = append(all, g.Verbs...)
	}
	return all
}
