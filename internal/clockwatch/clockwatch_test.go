package clockwatch

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// clocks are a time of day that can be set and a monotonic clock that cannot.
type clocks struct {
	mu   sync.Mutex
	wall time.Time
	mono time.Duration
}

func (c *clocks) pass(d, set time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.mono = c.wall.Add(d+set), c.mono+d
}

func (c *clocks) options() Options {
	return Options{
		Wall: func() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.wall },
		Mono: func() time.Duration { c.mu.Lock(); defer c.mu.Unlock(); return c.mono },
	}
}

func TestJumpsAreNoticed(t *testing.T) {
	c := &clocks{wall: time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)}
	w := New(c.options())
	for i, step := range []struct{ pass, set, want time.Duration }{
		{time.Hour, 0, 0},
		{time.Second, time.Minute, 0},                // still within what is corrected at once
		{time.Second, time.Second, 61 * time.Second}, // together they are too much
		{time.Hour, 0, 0},
		{time.Second, 365 * 24 * time.Hour, 365 * 24 * time.Hour},
		{24 * time.Hour, 0, 0},
		{time.Second, -365 * 24 * time.Hour, -365 * 24 * time.Hour},
		{time.Second, 0, 0},
	} {
		c.pass(step.pass, step.set)
		jump, ok := w.Look()
		if jump.By != step.want || ok != (step.want != 0) || ok && !jump.At.Equal(c.wall) {
			t.Errorf("step %d: %+v, %v; want %v", i, jump, ok, step.want)
		}
	}
}

func TestTheSystemsClocksAgree(t *testing.T) {
	if jump, ok := New(Options{}).Look(); ok {
		t.Errorf("%+v", jump)
	}
}

// TestAJumpIsToldUntilItIsHeard fails to take the jump at first.
func TestAJumpIsToldUntilItIsHeard(t *testing.T) {
	c := &clocks{wall: time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)}
	w := New(c.options())
	c.pass(time.Second, time.Hour)
	ctx, stop := context.WithCancel(t.Context())
	told := 0
	err := w.Run(ctx, time.Millisecond, func(_ context.Context, j Jump) error {
		if told++; told == 1 {
			return errors.New("the log is busy")
		}
		if j.By != time.Hour {
			t.Errorf("%+v", j)
		}
		stop()
		return nil
	})
	if err != nil || told != 2 {
		t.Errorf("told %d times, %v", told, err)
	}
}
