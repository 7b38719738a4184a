package lake

import "slices"

// columnSizes are the bytes of each column of a file, compressed, by field id.
func columnSizes(chunks []chunk) map[int]int64 {
	sizes := map[int]int64{}
	for _, c := range chunks {
		sizes[int(c.field)] += c.length
	}
	return sizes
}

// splitOffsets are where the row groups of a file start that was written one after the other. chunks are in the order
// of the file, so that of a group is the first of as many as there are columns.
func splitOffsets(chunks []chunk, columns int) []int64 {
	var starts []int64
	for group := range slices.Chunk(chunks, columns) {
		starts = append(starts, group[0].offset)
	}
	return starts
}
