package main

import (
	"os"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/verbs"
)

func main() { os.Exit(frame.Main(verbs.Groups())) }
