package config

import (
	"os"
	"strings"
	"syscall"

	"github.com/lakectl/lakectl/lake"
)

// Masks of the rights that new files and folders do not get. DuckDB, SQLite and the Iceberg library make files
// themselves, so the process's mask is the one place that reaches all of them.
const (
	maskPrivate = 0o077 // 0700 and 0600
	maskGroup   = 0o027 // 0750 and 0640
)

// LimitRights sets the mask for what this run writes. A lake that exists goes on as its warehouse folder is: whoever
// could read it can read what comes. Nobody else may ever write.
func LimitRights(c Config) {
	inherited := syscall.Umask(maskPrivate)
	mode, explicit := c.Catalog.Mode, c.setBy("catalog.mode") != fromDefault
	if info, err := os.Stat(warehouseFolder(c)); err == nil && !explicit {
		syscall.Umask(inherited | int(^info.Mode().Perm()&maskPrivate) | 0o002)
		return
	}
	if mode == "group" {
		syscall.Umask(maskGroup)
	}
}

// warehouseFolder is the path of the warehouse; "" when it is no folder of this machine.
func warehouseFolder(c Config) string {
	if !strings.HasPrefix(c.Catalog.Warehouse, "file:") {
		return c.Catalog.Warehouse
	}
	folder, err := lake.LocalPath(c.Catalog.Warehouse)
	if err != nil {
		return ""
	}
	return folder
}
