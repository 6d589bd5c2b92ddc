package audit

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// publisher writes checkpoints out, not more often than allowed. A failure is kept and told by flush and close.
type publisher struct {
	to    io.Writer
	every time.Duration
	clock func() time.Time

	mu      sync.Mutex
	waiting *Checkpoint
	last    Checkpoint // that was written
	at      time.Time
	timer   *time.Timer
	closed  bool
	err     error
}

func (p *publisher) offer(c Checkpoint) {
	if p.to == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.at.IsZero() && !c.after(&p.last) {
		return
	}
	p.waiting = &c
	if wait := p.every - p.clock().Sub(p.at); p.at.IsZero() || wait <= 0 {
		p.write()
	} else if p.timer == nil && !p.closed {
		p.timer = time.AfterFunc(wait, func() { _ = p.flush() }) // flush keeps its error for the next caller
	}
}

func (p *publisher) write() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	c := p.waiting
	if c == nil {
		return
	}
	if _, err := p.to.Write(append(c.Text[:len(c.Text):len(c.Text)], '\n')); err != nil {
		p.err = fmt.Errorf("write the checkpoint out: %w", err)
		return
	}
	p.waiting, p.last, p.at, p.err = nil, *c, p.clock(), nil
}

func (p *publisher) flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.to != nil {
		p.write()
	}
	return p.err
}

func (p *publisher) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	return p.flush()
}
