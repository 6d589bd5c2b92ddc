package auth

import (
	"container/list"
	"sync"
	"time"
)

// The throttling of log-ins: the first few failures cost nothing, then each one doubles the wait.
const (
	throttleFree  = 5               // failures of a key before it must wait
	throttleFirst = 5 * time.Second // the first wait
	throttleMax   = 15 * time.Minute
	throttleKeep  = time.Hour // failures older than this are forgotten
	throttleKeys  = 10000     // keys remembered; the least recently used one goes first
	// An address may stand for a whole office, so that it has more room than an account.
	throttleAddressFactor = 4
)

// Throttle slows down guessing of passwords, by account and by address. It keeps its counts in memory: a restart forgives.
type Throttle struct {
	now   func() time.Time
	mu    sync.Mutex
	order *list.List // of *attempts, most recently used first
	byKey map[string]*list.Element
}

type attempts struct {
	key      string
	failures int
	last     time.Time
	until    time.Time
}

// NewThrottle makes an empty throttle that reads the clock now.
func NewThrottle(now func() time.Time) *Throttle {
	return &Throttle{now: now, order: list.New(), byKey: make(map[string]*list.Element)}
}

// Wait tells how long a log-in as the account from the address has to wait; zero lets it in.
func (t *Throttle) Wait(account, address string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	var wait time.Duration
	for _, key := range keys(account, address) {
		if e := t.byKey[key]; e != nil {
			wait = max(wait, e.Value.(*attempts).until.Sub(now))
		}
	}
	return wait
}

// Fail counts a failed log-in and returns how long the next one has to wait.
func (t *Throttle) Fail(account, address string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	var wait time.Duration
	for i, key := range keys(account, address) {
		free := throttleFree
		if i == 1 {
			free *= throttleAddressFactor
		}
		a := t.entry(key)
		if now.Sub(a.last) > throttleKeep {
			a.failures = 0
		}
		a.failures++
		a.last = now
		if over := a.failures - free; over >= 0 {
			a.until = now.Add(min(throttleFirst<<min(over, 16), throttleMax))
		}
		wait = max(wait, a.until.Sub(now))
	}
	return wait
}

// Succeed forgets the failures of the account; the address keeps its own, or one good account would cover guesses at others.
func (t *Throttle) Succeed(account string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := keys(account, "")[0]
	if e := t.byKey[key]; e != nil {
		t.order.Remove(e)
		delete(t.byKey, key)
	}
}

func keys(account, address string) [2]string {
	return [2]string{"account " + account, "address " + address}
}

func (t *Throttle) entry(key string) *attempts {
	if e := t.byKey[key]; e != nil {
		t.order.MoveToFront(e)
		return e.Value.(*attempts)
	}
	if t.order.Len() >= throttleKeys {
		oldest := t.order.Back()
		delete(t.byKey, oldest.Value.(*attempts).key)
		t.order.Remove(oldest)
	}
	a := &attempts{key: key}
	t.byKey[key] = t.order.PushFront(a)
	return a
}
