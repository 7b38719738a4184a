//go:build !linux

package laketest

// memoryDisk is "": where else files lie in memory differs.
func memoryDisk() string { return "" }
