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

// Begin asks whether a log-in as the account from the address may be tried now: zero for yes, else how long to wait. A try counts as
// failed until Succeed says otherwise, so that many tries at once gain nothing.
func (t *Throttle) Begin(account, address string) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for _, key := range keys(account, address) {
		if e := t.byKey[key]; e != nil {
			wait = max(wait, e.Value.(*attempts).until.Sub(now))
		}
	}
	if wait > 0 {
		return wait
	}
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
	}
	return 0
}

// Succeed forgets the failures of the account. Of the address it takes back this try only, or one good account would cover guesses at
// others.
func (t *Throttle) Succeed(account, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	both := keys(account, address)
	if e := t.byKey[both[0]]; e != nil {
		t.order.Remove(e)
		delete(t.byKey, both[0])
	}
	if e := t.byKey[both[1]]; e != nil {
		a := e.Value.(*attempts)
		a.failures, a.until = a.failures-1, time.Time{}
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
