package lake

// columnSizes are the bytes of each column of a file, compressed, by field id.
func columnSizes(chunks []chunk) map[int]int64 {
	sizes := map[int]int64{}
	for _, c := range chunks {
		sizes[int(c.field)] += c.length
	}
	return sizes
}
