package engine

import (
	"context"
	"fmt"
	"sync"
)

// locks gives one lock a key, so that acts on one flow come one after the other and those on others do not wait.
type locks struct {
	mu   sync.Mutex
	keys map[string]*keyLock
}

type keyLock struct {
	held  chan struct{} // holds one token while the lock is taken
	users int           // holder and waiters; at 0 the entry goes
}

func newLocks() *locks { return &locks{keys: map[string]*keyLock{}} }

// lock waits for the key's turn or for the end of ctx. The caller calls unlock.
func (l *locks) lock(ctx context.Context, key string) (unlock func(), err error) {
	l.mu.Lock()
	k := l.keys[key]
	if k == nil {
		k = &keyLock{held: make(chan struct{}, 1)}
		l.keys[key] = k
	}
	k.users++
	l.mu.Unlock()
	select {
	case k.held <- struct{}{}:
		return func() {
			<-k.held
			l.leave(key, k)
		}, nil
	case <-ctx.Done():
		l.leave(key, k)
		return nil, fmt.Errorf("wait for a turn: %w", ctx.Err())
	}
}

func (l *locks) leave(key string, k *keyLock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k.users--; k.users == 0 {
		delete(l.keys, key)
	}
}
