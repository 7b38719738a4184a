package run

import (
	"context"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/lakectl/lakectl/lake"
)

// notify tells systemd a state, in the lines of sd_notify(3); nobody listens where the variable is not set.
func notify(state string) {
	at := os.Getenv("NOTIFY_SOCKET")
	if at == "" {
		return
	}
	if at[0] == '@' { // a socket without a file
		at = "\x00" + at[1:]
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: at, Net: "unixgram"})
	if err != nil {
		return
	}
	c.Write([]byte(state)) //nolint:errcheck // who does not hear it acts as if it was not said
	c.Close()              //nolint:errcheck // a datagram was sent or not
}

// tell says that everything has begun, and that it is alive for as long as the tables are looked at.
func (r *Runner) tell(ctx context.Context) error {
	notify("READY=1")
	every := watchdog()
	for every > 0 && lake.Pause(ctx, every/2) == nil {
		if r.alive(every) {
			notify("WATCHDOG=1")
		}
	}
	return nil
}

// alive tells whether the loop that looks at the tables goes round: each look has an end.
func (r *Runner) alive(within time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.looked) < within+11*lookEvery
}

// watchdog is how often systemd wants to hear from this process; 0 for never.
func watchdog() time.Duration {
	micros, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if pid := os.Getenv("WATCHDOG_PID"); err != nil || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	return time.Duration(micros) * time.Microsecond
}
