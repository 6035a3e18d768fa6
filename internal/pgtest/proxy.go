package pgtest

import (
	"net"
	"sync"
)

// Proxy stands between a client and a server, and cuts connections where a test
// says so.
type Proxy struct {
	Addr string
	l    net.Listener
	to   string

	mu   sync.Mutex
	cut  func(fromClient bool, data []byte) bool
	open map[net.Conn]bool
	all  sync.WaitGroup
}

// NewProxy listens for connections to an address, until Close.
func NewProxy(to string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{Addr: l.Addr().String(), l: l, to: to, open: map[net.Conn]bool{}}
	p.all.Go(p.accept)
	return p, nil
}

// CutBefore has f asked about every piece of data from now on, one at a time. If
// it says yes, the piece is not taken over and the connection ends on both sides:
// the server sees what was sent before, the client hears nothing more. Nil lets
// all pass.
func (p *Proxy) CutBefore(f func(fromClient bool, data []byte) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = f
}

// Close ends all connections, and listens no more.
func (p *Proxy) Close() {
	_ = p.l.Close()
	p.Drop()
	p.all.Wait()
}

// Drop ends all connections that there are, as a server does that is restarted.
func (p *Proxy) Drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		_ = c.Close()
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.open[client], p.open[server] = true, true
		p.mu.Unlock()
		p.all.Go(func() { p.copy(server, client, true) })
		p.all.Go(func() { p.copy(client, server, false) })
	}
}

// copy takes data over until one side ends or the connection is cut.
func (p *Proxy) copy(to, from net.Conn, fromClient bool) {
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range []net.Conn{to, from} {
			_ = c.Close()
			delete(p.open, c)
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if p.asked(fromClient, buf[:n]) {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (p *Proxy) asked(fromClient bool, data []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cut != nil && p.cut(fromClient, data)
}
