package signpages

import (
	"sync"
	"time"
)

// maxKeys bounds the memory of a limiter; when it is reached, windows that are over are forgotten.
const maxKeys = 20_000

// limiter counts uses of a key in windows of one minute.
type limiter struct {
	limit   int
	now     func() time.Time
	mu      sync.Mutex
	windows map[string]window
}

type window struct {
	start time.Time
	used  int
}

func newLimiter(limit int, now func() time.Time) *limiter {
	return &limiter{limit: limit, now: now, windows: make(map[string]window)}
}

// take uses the key once and tells whether that was still allowed.
func (l *limiter) take(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.current(key)
	if w.used >= l.limit {
		return false
	}
	if len(l.windows) >= maxKeys {
		l.forget()
	}
	w.used++
	l.windows[key] = w
	return true
}

// spent tells that the key has nothing left, without using it.
func (l *limiter) spent(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current(key).used >= l.limit
}

func (l *limiter) current(key string) window {
	w, now := l.windows[key], l.now()
	if now.Sub(w.start) >= time.Minute {
		return window{start: now}
	}
	return w
}

// forget drops windows that are over; if all are in use, an attacker fills the table, and everybody begins anew.
func (l *limiter) forget() {
	now := l.now()
	for key, w := range l.windows {
		if now.Sub(w.start) >= time.Minute {
			delete(l.windows, key)
		}
	}
	if len(l.windows) >= maxKeys {
		clear(l.windows)
	}
}
