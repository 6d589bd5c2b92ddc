package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sealdesk/internal/store"
)

// How long acts are folded into one event: until none has come for foldIdle, and not longer than foldLongest. Between, what was counted is
// kept in the table audit_folds within foldSave, so that a killed program loses no more than that.
const (
	foldIdle    = 2 * time.Minute
	foldLongest = 10 * time.Minute
	foldSave    = time.Second
)

// How many acts that differ only in what their caller can make up have events of their own at a time: address and user agent, and where the
// act was refused, the object that it named. All further ones share one event that does without.
const (
	foldVariants = 64
	foldRefusals = 16
)

// ErrFolderClosed says that acts can no longer be noted.
var ErrFolderClosed = errors.New("the audit log takes no more acts")

// Act is one of many acts that become one event: Event is what they have in common, and its detail must be short. Page, from 1, is the page
// that was read of the file numbered File, also from 1; both 0 for none.
type Act struct {
	Event
	File, Page int
}

// Folder turns acts that come by the hundred, such as fetching the pages of a contract, into two events: the first act is one at once, so
// that nobody reads anything before it is written, and all of them together are another one when they have ended, with how many they were,
// from when to when, and which pages. The table audit_folds, which the owner of the database makes, keeps what is not an event yet:
//
//	CREATE TABLE audit_folds (opening INTEGER PRIMARY KEY, event TEXT NOT NULL)
//
// Each row carries a MAC of the log's key, so that only what this program counted becomes an event.
//
// A Folder is safe for concurrent use.
type Folder struct {
	db  *store.DB
	log *Log

	writing sync.Mutex // held by whoever writes; taken before mu

	mu     sync.Mutex
	open   map[string]*fold
	groups map[string]int // open folds that differ only in what can be made up
	ended  []*fold        // to be written
	timer  *time.Timer
	closed bool
}

// fold is what is known of acts that are folded.
type fold struct {
	key, group string
	common     Event
	ready      chan struct{} // closed when the opening is written, or has failed with err
	err        error
	opening    int64 // seq of the first act's event
	first      time.Time
	last       time.Time
	count      int
	pages      map[int]map[int]bool
	changed    bool // since it was saved
}

// NewFolder makes a folder of acts for a log in db.
func NewFolder(db *store.DB, log *Log) *Folder {
	return &Folder{db: db, log: log, open: map[string]*fold{}, groups: map[string]int{}}
}

// Note tells of an act. When it returns without an error, an event that tells of this act or of its like is on the disk.
func (f *Folder) Note(ctx context.Context, a Act) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return ErrFolderClosed
	}
	now := f.log.opts.Clock()
	one, isNew := f.find(&a, now)
	one.add(a, now, isNew)
	f.arm()
	f.mu.Unlock()
	if isNew {
		// The context is the first caller's: its end must not be the end of the others.
		f.begin(context.WithoutCancel(ctx), one, a)
	}
	<-one.ready
	return one.err
}

// find gives the fold that an act belongs to, and whether it is a new one.
func (f *Folder) find(a *Act, now time.Time) (one *fold, isNew bool) {
	key, group, limit := a.keys()
	if one = f.open[key]; one == nil && f.groups[group] >= limit {
		a.Actor.IP, a.Actor.UserAgent = "", ""
		if a.Outcome == Denied {
			a.ObjectID = ""
		}
		key, _, _ = a.keys()
		one = f.open[key]
	}
	if one != nil && one.over(now) {
		f.end(one)
		one = nil
	}
	if one != nil {
		return one, false
	}
	one = &fold{key: key, group: group, common: a.Event, ready: make(chan struct{}), first: now, pages: map[int]map[int]bool{}}
	f.open[key] = one
	f.groups[group]++
	return one, true
}

// keys tell which acts are folded together, and which of those differ only in what their caller can make up.
func (a *Act) keys() (key, group string, limit int) {
	detail, err := json.Marshal(a.Detail)
	if err != nil {
		detail = []byte(err.Error()) // the opening fails with it
	}
	fixed := []string{a.Action, a.ObjectType, a.Outcome, a.ErrorCode, a.Actor.Name, a.Actor.Role, a.Actor.Session, string(detail)}
	limit = foldRefusals
	if a.Outcome != Denied {
		fixed, limit = append(fixed, a.ObjectID), foldVariants
	}
	group = strings.Join(fixed, "\x00")
	return strings.Join(append(fixed, a.ObjectID, a.Actor.IP, a.Actor.UserAgent), "\x00"), group, limit
}

// begin writes the event of the first act.
func (f *Folder) begin(ctx context.Context, one *fold, a Act) {
	e := a.Event
	if a.Page > 0 {
		e.Detail = maps.Clone(e.Detail)
		if e.Detail == nil {
			e.Detail = map[string]any{}
		}
		e.Detail["pages"] = map[string]string{strconv.Itoa(a.File): strconv.Itoa(a.Page)}
	}
	err := f.db.Write(ctx, func(tx *store.Tx) (err error) {
		one.opening, err = f.log.Append(ctx, tx, e)
		return err
	})
	if err != nil {
		one.err = fmt.Errorf("record %s: %w", e.Action, err)
		f.mu.Lock()
		f.drop(one)
		f.mu.Unlock()
	}
	close(one.ready)
}

// add counts an act.
func (o *fold) add(a Act, now time.Time, first bool) {
	o.count++
	o.last = now
	o.changed = !first
	if a.Page > 0 {
		if o.pages[a.File] == nil {
			o.pages[a.File] = map[int]bool{}
		}
		o.pages[a.File][a.Page] = true
	}
}

// over tells that a further act begins anew. Refusals end by their age alone, so that a slow flood makes no more events than a fast one.
func (o *fold) over(now time.Time) bool {
	age := now.Sub(o.first)
	return age >= foldLongest || age < 0 || o.common.Outcome != Denied && now.Sub(o.last) >= foldIdle
}

// opened tells that the first act's event is written.
func (o *fold) opened() bool {
	select {
	case <-o.ready:
		return o.err == nil
	default:
		return false
	}
}

// event tells of all acts together.
func (o *fold) event() Event {
	e := o.common
	e.Actor.RequestID = "" // the first one's
	e.Detail = maps.Clone(e.Detail)
	if e.Detail == nil {
		e.Detail = map[string]any{}
	}
	e.Detail["opening"], e.Detail["count"] = o.opening, o.count
	e.Detail["from"], e.Detail["to"] = o.first.UTC().Format(time.RFC3339), o.last.UTC().Format(time.RFC3339)
	if len(o.pages) > 0 {
		pages := map[string]string{}
		for file, numbers := range o.pages {
			pages[strconv.Itoa(file)] = ranges(slices.Sorted(maps.Keys(numbers)))
		}
		e.Detail["pages"] = pages
	}
	return e
}

// ranges writes ascending numbers shortly: "1-3, 7".
func ranges(numbers []int) string {
	var b strings.Builder
	for i := 0; i < len(numbers); {
		last := i
		for last+1 < len(numbers) && numbers[last+1] == numbers[last]+1 {
			last++
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(numbers[i]))
		if last > i {
			b.WriteString("-" + strconv.Itoa(numbers[last]))
		}
		i = last + 1
	}
	return b.String()
}

// end takes a fold out of those that take further acts. One act alone has been told by its opening.
func (f *Folder) end(one *fold) {
	f.drop(one)
	if one.count > 1 {
		f.ended = append(f.ended, one)
	}
}

func (f *Folder) drop(one *fold) {
	if f.open[one.key] != one {
		return
	}
	delete(f.open, one.key)
	if f.groups[one.group]--; f.groups[one.group] == 0 {
		delete(f.groups, one.group)
	}
}

// arm sees to it that what is open is looked at.
func (f *Folder) arm() {
	if f.timer == nil && !f.closed && len(f.open)+len(f.ended) > 0 {
		f.timer = time.AfterFunc(foldSave, func() {
			_ = f.write(context.Background(), (*fold).over) // what could not be written is tried again, and told by End and Close
		})
	}
}

// write makes events of those folds that are over, and saves the others.
func (f *Folder) write(ctx context.Context, over func(*fold, time.Time) bool) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	f.mu.Lock()
	now := f.log.opts.Clock()
	var saved []*fold
	rows := map[*fold]Event{}
	for _, one := range f.open {
		switch {
		case !one.opened():
		case over(one, now):
			f.end(one)
		case one.changed:
			one.changed = false
			saved, rows[one] = append(saved, one), one.event()
		}
	}
	ended := f.ended
	f.mu.Unlock()
	err := f.store(ctx, ended, rows)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		f.ended = slices.Clone(f.ended[len(ended):])
	} else {
		for _, one := range saved {
			one.changed = true
		}
	}
	f.timer = nil
	f.arm()
	return err
}

func (f *Folder) store(ctx context.Context, ended []*fold, rows map[*fold]Event) error {
	if len(ended)+len(rows) == 0 {
		return nil
	}
	err := f.db.Write(ctx, func(tx *store.Tx) error {
		for _, one := range ended {
			if _, err := f.log.Append(ctx, tx, one.event()); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "DELETE FROM audit_folds WHERE opening = $1", one.opening); err != nil {
				return err
			}
		}
		for one, e := range rows {
			if err := f.save(ctx, tx, one.opening, &e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write folded events: %w", err)
	}
	return nil
}

// End writes what a session has done and is not an event yet.
func (f *Folder) End(ctx context.Context, session string) error {
	return f.write(ctx, func(one *fold, now time.Time) bool { return one.common.Actor.Session == session || one.over(now) })
}

// Close writes all that is not an event yet, and takes no more acts. Call it when nobody acts any more, before the log is closed.
func (f *Folder) Close() error {
	f.mu.Lock()
	f.closed = true
	if f.timer != nil {
		f.timer.Stop()
	}
	open := slices.Collect(maps.Values(f.open))
	f.mu.Unlock()
	for _, one := range open {
		<-one.ready
	}
	return f.write(context.Background(), func(*fold, time.Time) bool { return true })
}
