package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
)

// ErrUnreadable is returned for a file of the lake's metadata that is there and makes no sense.
var ErrUnreadable = errors.New("it is damaged")

// NameFile makes an error of reading a file of the lake name the file, and says what is wrong with it. uri is what the
// table names it by.
func NameFile(uri string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnreadable) {
		return err
	}
	path, local := LocalPath(uri)
	if local != nil {
		path = uri
	}
	named := err
	if !strings.Contains(err.Error(), path) {
		named = fmt.Errorf("file %s: %w", path, err)
	}
	var disk syscall.Errno
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return WithHint(named, "put the file back from a backup of the warehouse under the same name; where there is none, 'lakectl catalog restore' goes back to what is whole")
	case errors.As(err, &disk):
		return named
	}
	if clock := writtenBack(path, err); clock != nil {
		return clock
	}
	return WithHint(fmt.Errorf("file %s: %w: %w", path, ErrUnreadable, err),
		"check the disk and put this file back from a backup under the same name; where there is none, 'lakectl catalog restore' goes back to what is whole")
}

// causeHint is what to do about a cause that lies outside of lakectl. What a command would advise when it fails is
// beside the point then.
func causeHint(err error) string {
	code := sqliteCode(err)
	is := func(targets ...syscall.Errno) bool {
		for _, t := range targets {
			if errors.Is(err, t) {
				return true
			}
		}
		return false
	}
	switch {
	case is(syscall.ENOSPC, syscall.EDQUOT) || code == sqliteFull:
		return "the disk is full: make room on it ('df -h', 'df -i'), then run the command again; nothing is lost"
	case is(syscall.EROFS):
		return "the disk is mounted read-only: mount it to be written, then run the command again"
	case is(syscall.EMFILE, syscall.ENFILE):
		return "too many files are open: raise the limit ('ulimit -n'), then run the command again"
	case is(syscall.EIO):
		return "the disk fails: see the log of the system, then put what is damaged back from a backup"
	case code == sqliteIO:
		return "the disk that the catalog is on is full or fails: see 'df -h', 'df -i' and the log of the system, then run the command again"
	case code == sqliteCorrupt || code == sqliteNoDB:
		return "the catalog's database is damaged: put it back from a backup, then run 'lakectl catalog restore'"
	case code == sqliteReadOnly || errors.Is(err, fs.ErrPermission):
		return "give this user the right to it, or run the command as the user whose lake it is"
	case code == sqliteBusy:
		return "another process holds the catalog's database: wait for it, then run the command again"
	}
	return ""
}

// sqliteCode is the primary result code of an error of SQLite, and 0 of any other.
func sqliteCode(err error) int {
	var sqlite interface{ Code() int }
	if errors.As(err, &sqlite) {
		return sqlite.Code() & 0xff
	}
	return 0
}

// SQLite's primary result codes.
const (
	sqlitePerm     = 3
	sqliteBusy     = 5
	sqliteReadOnly = 8
	sqliteIO       = 10
	sqliteCorrupt  = 11
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteNoDB     = 26
)
