// Package verbs is what can be typed after lakectl: one file a verb, and beside it what people read of its results.
//
// # Use
//
//  1. [Groups] is every verb; package main and tests of the whole system hand them to package frame.
//  2. A new verb is one file with a function like trashVerb below, and one word in Groups.
//  3. Its test is a script in testdata of cmd/lakectl; TestScripts runs them all.
//
// # Design
//
// The command line holds no logic of the product. Each verb has one file that does four things and nothing else:
//
//	flags    declared on the verb, and the configuration keys it lets a flag set
//	Options  of the job package, filled from the flags and the configuration
//	Run      of the job package
//	print    whatever struct came back
//
// What all verbs share is in the packages beside this one: frame parses, prints and ends the program, config knows the
// configuration keys, reach opens the lake and the topic, usage has the errors that are the caller's.
//
// A verb file looks like this one, trash.go, and Groups gets one more word:
//
//	func trashVerb() frame.Verb {
//		return frame.Bind(frame.Verb{
//			Name:     "trash",
//			Args:     "TABLE [NAME...]",
//			Short:    "Throw a table away.",
//			Long:     "What it does, what it never does, and what running it again does.",
//			Examples: []string{"lakectl trash listens"},
//			Exits:    []int{frame.ExitFenced},
//			Keys:     []string{"duckdb.threads"},
//		}, (*trashFlags).declare, runTrash)
//	}
//
//	type trashFlags struct{ Full bool }
//
//	func (f *trashFlags) declare() []cli.Flag {
//		return []cli.Flag{&cli.BoolFlag{Name: "full", Usage: "every file, not only the new ones", Destination: &f.Full}}
//	}
//
//	func runTrash(ctx context.Context, c *frame.Call, f trashFlags) (any, error) {
//		return reach.WithEnv(ctx, c, func(env jobs.Env) (trash.Report, error) {
//			return trash.Run(ctx, env, trash.Options{Table: c.Args().First(), Full: f.Full})
//		})
//	}
//
// # What the frame does for a verb
//
// Args is the usage line and the check at once: TABLE must be there, [NAME] may be, a trailing ... repeats. --config,
// --json, --log-level and --help work on every verb, before it and after it. Flags that stand after an argument are
// refused, because the flag parser would take them for arguments and a --dry-run would be lost without a word. A verb
// declares no Required flag and no EnvVars: NeedFlags checks the first, the table of configuration keys is the only
// source of the second.
//
// # Results
//
// A verb returns a struct, a pointer to one, or a slice of them, and every field has a json name in snake_case. With
// --json it is encoded as it is, nil slices as [], times in UTC. Without, the verb's Text says it to people; a result
// that no Text is for has its fields laid out, see print.go of package frame for the tags that steer this. A result
// that comes with an error is printed before the error, so that what a partly done job did reach is on stdout;
// frame.Result drops what a failed one returned. A verb that writes stdout itself returns nil.
//
// # Errors
//
// Errors carry their class, never an exit code: frame.Run is the only place that turns one into the other, by
// frame.ExitCode. A verb returns usage.Errorf(...) for what the caller typed wrong and passes everything else on. What
// to do next travels with the error (lake.WithHint) and is printed by frame.Run.
package verbs
