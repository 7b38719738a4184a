package access

import (
	"net"
	"net/http"
	"sync"
)

// bounded is a listener that accepts so many connections at a time; others wait. It leaves the connections as they are:
// a server that cannot half-close one cuts off answers to clients that still send.
type bounded struct {
	net.Listener
	taken  chan struct{}
	closed chan struct{}
	once   sync.Once
}

// bound bounds the connections of a server to a listener.
func bound(l net.Listener, s *http.Server, most int) net.Listener {
	b := &bounded{Listener: l, taken: make(chan struct{}, most), closed: make(chan struct{})}
	s.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed || state == http.StateHijacked {
			<-b.taken
		}
	}
	return b
}

// Accept waits until there is room, and then for a connection.
func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.taken <- struct{}{}:
	case <-b.closed:
		return nil, net.ErrClosed
	}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.taken
	}
	return c, err
}

// Close ends the listener, also while no room is left.
func (b *bounded) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.Listener.Close()
}
