// Package config is what a run is configured to do: every key, where its value came from, and the checked result.
//
// # Use
//
//  1. A key is an entry of the table in keys.go; its place in the file, its variable, its flag, its default and its
//     error texts come from it.
//  2. [Load] puts the layers on top of each other and checks them; [FlagSettings] makes the last layer of the flags
//     that were typed.
//  3. Read the fields of [Config]; [Config.Rows] lists every key for people, and [LimitRights] makes new files as
//     private as is configured.
//
// # Reads and writes
//
// It reads one YAML file, the variables LAKEHOUSE_*, and files with secrets and certificates when these are needed. It
// writes nothing. The only thing that it changes is the mask of the process.
//
// # Invariants
//
//   - Layers: defaults, the file, variables, flags. A later one wins. A variable set to nothing counts as not set.
//   - A key that is not in the table is an error, in the file and as a variable, and names the nearest one.
//   - A password is never in the file, never shown, and never in a message.
//   - A key that does nothing in this version is refused when it is set.
//   - Packages of the product never see a [Config]: verbs copy what a job needs into its Options.
//
// # Failure
//
// Every error is the caller's ([usage.Error]) and names the key and the line, variable or flag that set it. Nothing was
// started then.
package config
