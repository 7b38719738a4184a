package chain

// Unfinished is how a chain ends whose requests still wait.
var Unfinished = unfinished
