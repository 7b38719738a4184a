package lease

import (
	"os"
	"strconv"
	"strings"
)

// process tells one process from all others of all machines, as far as the system lets it.
type process struct {
	Machine string `json:"machine,omitempty"` // one boot, one namespace of process ids; "" for not known
	PID     int    `json:"pid"`
	Born    string `json:"born,omitempty"` // in clock ticks since the boot
}

// thisProcess reads /proc; where there is none, nobody can tell from outside whether the process has ended.
func thisProcess() process {
	p := process{PID: os.Getpid()}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return p
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return p
	}
	if p.Born = born(p.PID); p.Born != "" {
		p.Machine = strings.TrimSpace(string(boot)) + " " + space
	}
	return p
}

// ended tells whether the process is known to have ended: it was on this machine, and its id is nobody's or another's.
func (p process) ended() bool {
	return p.Machine != "" && p.Machine == thisProcess().Machine && born(p.PID) != p.Born
}

// born is when a process began, "" where there is none. A process that ended and was not waited for is none.
func born(pid int) string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	// The name of the program, in parentheses, may hold anything. State is the first field after it, the start the
	// 20th.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[19]
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown host"
	}
	return name
}
