// Package clockwatch notices when the system's clock is set. It compares the time of day with the monotonic clock, which nobody can set: where
// the two part by more than a minute, somebody has set the clock, or the machine has slept.
package clockwatch

import (
	"context"
	"time"
)

// Tolerance is how far the two clocks may part before it is a jump: what keeps time over a network corrects less at once.
const Tolerance = time.Minute

// Every is how often Run looks.
const Every = 5 * time.Second

// Jump is one that was noticed. By is how far the clock went, negative for back; At is the time of day after it.
type Jump struct {
	At time.Time
	By time.Duration
}

// Options are the two clocks; nil takes the system's.
type Options struct {
	Wall func() time.Time     // the time of day
	Mono func() time.Duration // since some moment that stays the same; it never goes back
}

// Watch compares the two clocks from when it was made. It is for one goroutine.
type Watch struct {
	wall func() time.Time
	mono func() time.Duration
	// base is the time of day when the monotonic clock was at zero, as far as the last look tells.
	base time.Time
}

// New begins to watch.
func New(o Options) *Watch {
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.Mono == nil {
		start := time.Now()
		o.Mono = func() time.Duration { return time.Since(start) }
	}
	w := &Watch{wall: o.Wall, mono: o.Mono}
	w.base = w.zero()
	return w
}

// zero is the time of day at which the monotonic clock was at zero, going by both as they are now.
func (w *Watch) zero() time.Time { return w.wall().Round(0).Add(-w.mono()) }

// Look tells whether the clock has jumped since the look before. Small corrections add up until they are a jump too.
func (w *Watch) Look() (Jump, bool) {
	base := w.zero()
	by := base.Sub(w.base)
	if by.Abs() <= Tolerance {
		return Jump{}, false
	}
	w.base = base
	return Jump{At: w.wall().Round(0).UTC(), By: by}, true
}

// Run looks until the context ends and tells of every jump. A jump that could not be told is told again at the next look.
func (w *Watch) Run(ctx context.Context, every time.Duration, tell func(context.Context, Jump) error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		was := w.base
		if jump, ok := w.Look(); ok {
			if err := tell(ctx, jump); err != nil {
				w.base = was
			}
		}
	}
}
