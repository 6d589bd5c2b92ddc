package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"strings"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// actionHalves is the event by which the log of each half says what the marker says: of which instance it is, and which halves belong to
// that. So neither the marker nor a half can be taken away, with whatever else, as long as one half stays that knows of it.
const actionHalves = "data.halves"

// memory is what the log of a half says of its data folder.
type memory struct {
	instance string
	Halves   map[string]map[string]string `json:"halves"` // fingerprints of their keys, by the name of the half and by file
}

// remembers reads what the log of a half says; nothing where it says nothing, as that of a folder of before there were such events.
func (h half) remembers(ctx context.Context) (m memory, err error) {
	if _, err := os.Stat(h.path(h.database)); errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	database, err := store.Open(ctx, store.Options{Path: h.path(h.database), ReadOnly: true, Readers: 1})
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	if version, err := database.Version(ctx, audit.SchemaTable); err != nil || version == 0 {
		return m, err
	}
	err = database.Read(ctx, func(tx *store.Tx) error {
		var there bool
		if err := tx.QueryRow(ctx, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'audit_events'").Scan(&there); err != nil || !there {
			return errors.Join(err, &store.MissingTableError{Table: "audit_events"})
		}
		var detail string
		err := tx.QueryRow(ctx, "SELECT object_id, detail FROM audit_events WHERE action = $1 ORDER BY seq DESC LIMIT 1", actionHalves).Scan(&m.instance, &detail)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(detail), &m)
	})
	return m, err
}

// recall holds the folder against what the logs of its halves say: what one of them knows must be there as it was, and the marker with it. A
// command that asks reads the logs of the halves that it asks alone.
func (d *dataFolder) recall(ctx context.Context, names []string) error {
	known := map[string]bool{}
	var missing []string
	asked := halfNames
	if d.access == asking {
		asked = names
	}
	for _, of := range asked {
		m, err := d.half(of).remembers(ctx)
		if err != nil {
			return d.explain(ctx, d.half(of), err)
		}
		if m.instance == "" {
			continue
		}
		if !d.unmarked && m.instance != d.marker.ID {
			return refuse(ctx, "instance", "Path", d.folders.marker(), "Found", d.marker.ID, "Log", d.half(of).path(d.half(of).database),
				"Known", m.instance, "Dir", d.root)
		}
		if d.unmarked && d.access != restoring && len(missing) == 0 {
			missing = append(missing, d.folders.marker())
		}
		d.marker.ID = m.instance
		for name, prints := range m.Halves {
			gone, err := d.recallHalf(ctx, d.half(name), prints)
			if err != nil {
				return err
			}
			if !known[name] {
				missing = append(missing, gone...)
			}
			known[name] = true
		}
	}
	switch {
	case len(missing) == 1 && missing[0] == d.folders.marker():
		return refuse(ctx, "nomarker", "Path", missing[0], "Dir", d.root)
	case len(missing) == 1:
		return refuse(ctx, "missing", "Path", missing[0], "Dir", d.root)
	case len(missing) > 1:
		return refuse(ctx, "several", "Paths", strings.Join(missing, ", "), "Dir", d.root)
	}
	return d.mayBeNew(ctx, names, known)
}

// recallHalf gives the files of a half that are missing; another key than the one that it had is refused.
func (d *dataFolder) recallHalf(ctx context.Context, h half, prints map[string]string) (missing []string, err error) {
	for _, file := range h.files() {
		if _, err := os.Stat(h.path(file)); err != nil {
			missing = append(missing, h.path(file))
		}
	}
	switch {
	case len(missing) == len(h.files()):
		return missing[:1], nil // the database stands for the whole half
	case len(missing) > 0:
		return missing, nil
	}
	found, err := h.fingerprints()
	if err != nil {
		return nil, refuse(ctx, "unreadable", "Path", h.dir, "Problem", err.Error(), "Dir", d.root)
	}
	for file, want := range prints {
		if found[file] != want {
			return nil, refuse(ctx, "key", "Path", h.path(file), "Dir", d.root)
		}
	}
	return nil, nil
}

// mayBeNew refuses to make a half beside another whose log is not whole: it may have known of the half that is not there.
func (d *dataFolder) mayBeNew(ctx context.Context, names []string, known map[string]bool) error {
	if d.access != starting {
		return nil
	}
	for _, name := range names {
		if known[name] || d.half(name).there() {
			continue
		}
		for _, beside := range halfNames {
			if beside == name || !d.half(beside).there() {
				continue
			}
			whole := false
			err := withLog(ctx, d.folders, beside, func(_ *dataFolder, log *audit.Log, _ *store.DB) error {
				report, err := log.Verify(ctx)
				whole = report.OK()
				return err
			})
			if err != nil {
				return err
			}
			if !whole {
				return refuse(ctx, "unsure", "Path", d.half(name).path(d.half(name).database), "Log", beside, "Dir", d.root)
			}
		}
	}
	return nil
}

// bind writes into the log of a half what the marker says of the folder, unless it says so already.
func (d *dataFolder) bind(ctx context.Context, h half, log *audit.Log) error {
	if d == nil || d.access != starting {
		return nil
	}
	d.mu.Lock()
	halves := map[string]map[string]string{}
	for name, mark := range d.marker.Halves {
		if !mark.Making {
			halves[name] = mark.Keys
		}
	}
	d.mu.Unlock()
	events, err := log.Query(ctx, audit.Filter{Action: actionHalves}, 0, 1)
	if err != nil {
		return err
	}
	if len(events) > 0 {
		var said memory
		if err := json.Unmarshal([]byte(events[0].DetailText), &said); err == nil && maps.EqualFunc(said.Halves, halves, maps.Equal) {
			return nil
		}
	}
	return log.Record(ctx, audit.Event{Actor: terminalActor(), Action: actionHalves, ObjectType: "data", ObjectID: d.marker.ID,
		Detail: map[string]any{"halves": halves}})
}
