// Package usage is the class of errors that are the caller's: what was typed or configured wrong, and the word that was
// probably meant.
//
// # Use
//
//  1. Return [Errorf] with a hint for what the caller typed or configured wrong.
//  2. Make one of a package's own refusal with [Of], or with [UnsupportedIsUsage] where only some refusals are the
//     caller's.
//  3. Ask [Is]; package frame does, and ends the program with code 2.
//
// # Invariants
//
//   - It reads and writes nothing, and knows no exit code.
//   - An error of this class means that nothing was started.
//   - The hint of the error inside is kept: lake.Hint finds it.
//   - [Nearest] and [DidYouMean] choose the first of several words that are as near, so a message is the same in each
//     run.
package usage
