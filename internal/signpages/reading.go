package signpages

import (
	"sync"
	"time"

	"sealdesk/internal/engine"
)

// readingKept is how long it is remembered that a link was read. A restart forgets it: the signer then opens the pages again.
const readingKept = 24 * time.Hour

// reading remembers since when a link has been open and which pages were fetched through it, for contracts whose sender wants them
// read before signing (SendFlow, IsFullText and PreReadTime).
type reading struct {
	now   func() time.Time
	mu    sync.Mutex
	links map[string]*progress
}

type progress struct {
	opened time.Time
	seen   map[[2]int]bool // file, page
}

func newReading(now func() time.Time) *reading {
	return &reading{now: now, links: make(map[string]*progress)}
}

func (r *reading) open(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.get(token)
}

func (r *reading) saw(token string, file, page int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.get(token).seen[[2]int{file, page}] = true
}

// left tells how long the signer must still read, and whether a page has not been fetched yet.
func (r *reading) left(token string, session *engine.Session) (wait time.Duration, unseen bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.get(token)
	wait = max(0, session.Approver.PreReadTime-r.now().Sub(p.opened))
	if session.Approver.IsFullText {
		for _, file := range session.Files {
			for page := range file.Pages {
				unseen = unseen || !p.seen[[2]int{file.Index, page + 1}]
			}
		}
	}
	return wait, unseen
}

func (r *reading) get(token string) *progress {
	p := r.links[token]
	if p == nil {
		now := r.now()
		for other, old := range r.links {
			if now.Sub(old.opened) > readingKept {
				delete(r.links, other)
			}
		}
		p = &progress{opened: now, seen: make(map[[2]int]bool)}
		r.links[token] = p
	}
	return p
}
