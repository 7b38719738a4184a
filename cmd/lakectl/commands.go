package main

// commands is every verb of lakectl in the order in which help lists them: the
// order a new user needs them in.
func commands() []verb {
	return []verb{
		demoVerb(),
		initVerb(),
		ingestVerb(),
		jobVerb(),
		sqlVerb(),
		snapshotsVerb(),
		tagVerb(),
		rulesVerb(),
		poolsVerb(),
		splitsVerb(),
		tracksVerb(),
		royaltiesVerb(),
		periodVerb(),
		deletionsVerb(),
		quarantineVerb(),
		catalogVerb(),
		benchVerb(),
		configVerb(),
		completionVerb(),
		versionVerb(),
		helpVerb(),
	}
}
