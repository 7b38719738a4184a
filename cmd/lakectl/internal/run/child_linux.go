package run

import "syscall"

// ownImage is the executable of whoever reads it, whatever lies at its path.
const ownImage = "/proc/self/exe"

// attributes let a child die with its parent, however that ends, and keep the terminal's signals from it: it is this
// process that is asked to stop.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
