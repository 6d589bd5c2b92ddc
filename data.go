package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"sealdesk/internal/audit"
	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/internal/store"
)

// access is what a command may do to a data folder.
type access int

const (
	asking    access = iota // reads; nothing is made
	restoring               // reads a backup, also one that lost its marker
	working                 // writes into what is there; nothing is made
	starting                // makes an instance where there is nothing at all
)

// dataFolder is a data folder whose parts were found to be there.
type dataFolder struct {
	folders
	access   access
	unmarked bool     // there was no marker
	adopted  []string // halves that got into the marker just now, having been there without it

	mu     sync.Mutex
	marker *marker
}

// openData finds the halves of a data folder that a command needs, and refuses what is missing, foreign or only partly there.
func openData(ctx context.Context, f folders, access access, names ...string) (*dataFolder, error) {
	m, err := f.readMarker()
	if err != nil {
		return nil, refuse(ctx, "marker", "Path", f.marker(), "Problem", err.Error())
	}
	d := &dataFolder{folders: f, access: access, unmarked: m == nil, marker: m}
	if d.unmarked {
		if err := d.withoutMarker(ctx); err != nil {
			return nil, err
		}
	}
	if err := d.recall(ctx, names); err != nil {
		return nil, err
	}
	changed := d.unmarked
	for _, name := range names {
		made, err := d.need(ctx, f.half(name))
		if err != nil {
			return nil, err
		}
		changed = changed || made
	}
	if access == starting && changed {
		return d, f.writeMarker(d.marker)
	}
	return d, nil
}

// withoutMarker takes a folder that is empty or not there, or one of before there were markers; not one with other people's files.
func (d *dataFolder) withoutMarker(ctx context.Context) error {
	d.marker = newMarker()
	if slices.ContainsFunc(halfNames, func(name string) bool { return d.half(name).there() }) {
		return nil
	}
	entries, err := os.ReadDir(d.root)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasPrefix(name, ".") && name != "cache" && name != "witness" && name != "lost+found" {
			return refuse(ctx, "foreign", "Dir", d.root, "Name", name)
		}
	}
	if d.access != starting {
		return refuse(ctx, "none", "Dir", d.root)
	}
	return nil
}

// need makes sure of one half: what the marker knows must be there as it was, what nobody knows must be whole, and what is not there at all is
// made only by who may. It tells whether the marker changed.
func (d *dataFolder) need(ctx context.Context, h half) (changed bool, err error) {
	mark, known := d.marker.Halves[h.name]
	switch {
	case known && mark.Making && d.access == starting:
		return false, nil
	case !known && !h.there():
		if d.access != starting {
			return false, refuse(ctx, "nohalf."+h.name, "Dir", d.root)
		}
		d.marker.Halves[h.name] = &halfMark{Making: true}
		return true, nil
	}
	for _, file := range h.files() {
		if _, err := os.Stat(h.path(file)); err != nil {
			return false, refuse(ctx, "missing", "Path", h.path(file), "Dir", d.root)
		}
	}
	prints, err := h.fingerprints()
	if err != nil {
		return false, refuse(ctx, "unreadable", "Path", h.dir, "Problem", err.Error(), "Dir", d.root)
	}
	if !known {
		d.marker.Halves[h.name] = &halfMark{Keys: prints}
		d.adopted = append(d.adopted, h.name)
		return true, nil
	}
	if !h.genuine(mark) {
		return false, refuse(ctx, "marker", "Path", d.folders.marker(), "Problem", "checkpoint")
	}
	for file, want := range mark.Keys {
		if prints[file] != want {
			return false, refuse(ctx, "key", "Path", h.path(file), "Dir", d.root)
		}
	}
	return false, nil
}

// opened completes the marker when a half is open, and records in its log that a folder got its marker later than its data.
func (d *dataFolder) opened(ctx context.Context, h half, versionOf func(context.Context, string) (int64, error), log *audit.Log) error {
	if d.access != starting {
		return nil
	}
	schema := map[string]int64{}
	for _, table := range []string{h.set.Table, audit.SchemaTable} {
		version, err := versionOf(ctx, table)
		if err != nil {
			return err
		}
		schema[table] = version
	}
	prints, err := h.fingerprints()
	if err != nil {
		return err
	}
	err = d.update(func(m *marker) error {
		mark := m.Halves[h.name]
		mark.Making, mark.Keys, mark.Schema = false, prints, schema
		return nil
	})
	if err == nil && slices.Contains(d.adopted, h.name) {
		err = log.Record(ctx, audit.Event{Actor: terminalActor(), Action: "data.mark", ObjectType: "data", ObjectID: d.marker.ID, Detail: map[string]any{"half": h.name}})
	}
	if err != nil {
		return err
	}
	return d.bind(ctx, h, log)
}

// update changes the marker as it is on the disk by now: another process may have written it.
func (d *dataFolder) update(change func(*marker) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	m, err := d.readMarker()
	if err != nil {
		return err
	}
	if m == nil {
		m = d.marker
	}
	for name, mark := range d.marker.Halves {
		if m.Halves[name] == nil {
			m.Halves[name] = mark
		}
	}
	if err := change(m); err != nil {
		return err
	}
	d.marker = m
	return d.writeMarker(m)
}

// keeper keeps the checkpoints of a log outside of its database: in a file beside it, and the newest in the marker.
type keeper struct {
	data *dataFolder
	half half
	file *os.File
}

// keep opens the keeper of a half.
func (d *dataFolder) keep(h half) (*keeper, error) {
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	file, err := os.OpenFile(h.checkpoints(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the file of checkpoints: %w", err)
	}
	return &keeper{d, h, file}, nil
}

// Write takes one checkpoint.
func (k *keeper) Write(text []byte) (int, error) {
	n, err := k.file.Write(text)
	if err != nil || k.data.access != starting && len(k.data.adopted) > 0 {
		return n, err
	}
	return n, k.data.update(func(m *marker) error { return m.remember(k.half, strings.TrimSuffix(string(text), "\n")) })
}

// Close closes the file; of no keeper there is nothing to close.
func (k *keeper) Close() error {
	if k == nil {
		return nil
	}
	return k.file.Close()
}

// known is what the log of a half must go on from: the checkpoint in the marker, and the newest in the file beside the database.
func (d *dataFolder) known(h half) (texts []string) {
	mark := d.marker.Halves[h.name]
	if mark.Checkpoint != "" {
		texts = append(texts, mark.Checkpoint)
	}
	all := audit.FindCheckpoints(tail(h.checkpoints(), 8<<10), h.origin, mark.Keys[h.logKey])
	if len(all) > 0 {
		texts = append(texts, string(all[len(all)-1].Text))
	}
	return texts
}

// knownCheckpoints are all checkpoints of a half's log that can be reached: in the marker, in the file beside the database, and in the files of
// further folders that checkpoints leave the machine for.
func (d *dataFolder) knownCheckpoints(h half, further ...string) []audit.Checkpoint {
	d.mu.Lock()
	mark := *d.marker.Halves[h.name]
	d.mu.Unlock()
	key := mark.Keys[h.logKey]
	all := audit.FindCheckpoints([]byte(mark.Checkpoint), h.origin, key)
	all = append(all, audit.FindCheckpoints(tail(h.checkpoints(), 256<<10), h.origin, key)...)
	all = append(all, d.leftCheckpoints(h, further...)...)
	return withoutDoubles(all)
}

// leftCheckpoints are those of a half's log that lie in folders which checkpoints leave the machine for.
func (d *dataFolder) leftCheckpoints(h half, folders ...string) (all []audit.Checkpoint) {
	d.mu.Lock()
	key := d.marker.Halves[h.name].Keys[h.logKey]
	d.mu.Unlock()
	for _, folder := range folders {
		files, _ := filepath.Glob(filepath.Join(folder, "*.txt")) // the pattern is none that can be wrong
		for _, file := range files {
			all = append(all, audit.FindCheckpoints(tail(file, 256<<10), h.origin, key)...)
		}
	}
	return withoutDoubles(all)
}

func withoutDoubles(all []audit.Checkpoint) []audit.Checkpoint {
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(c audit.Checkpoint) bool {
		before := seen[string(c.Text)]
		seen[string(c.Text)] = true
		return before
	})
}

// tail reads the last bytes of a file, nothing of one that cannot be read: whole checkpoints are picked out of them.
func tail(path string, most int64) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	from := max(0, info.Size()-most)
	data := make([]byte, info.Size()-from)
	n, _ := f.ReadAt(data, from) // what was read is what there is
	if _, after, found := strings.Cut(string(data[:n]), "\n\n"); from > 0 && found {
		// The first is torn; its signature is the first block's text, which nothing verifies.
		return []byte(after)
	}
	return data[:n]
}

// refuse is an error in the words of the terminal's language, which names what is wrong and the command that mends it.
func refuse(ctx context.Context, key string, args ...any) error {
	return errors.New(i18n.T(ctx, "cli.data."+key, args...))
}

// made are the halves that a data folder has.
func (f folders) made(ctx context.Context) (names []string, err error) {
	m, err := f.readMarker()
	if err != nil {
		return nil, refuse(ctx, "marker", "Path", f.marker(), "Problem", err.Error())
	}
	for _, name := range halfNames {
		if m != nil && m.Halves[name] != nil || f.half(name).there() {
			names = append(names, name)
		}
	}
	if names == nil {
		_, err = openData(ctx, f, asking, halfNames...) // which says what is there instead
	}
	return names, err
}

// knows tells whether a public key is that of a log of the data folder.
func (f folders) knows(ctx context.Context, publicKey string) bool {
	names, err := f.made(ctx)
	if err != nil {
		return false
	}
	for _, name := range names {
		if prints, err := f.half(name).fingerprints(); err == nil && prints[f.half(name).logKey] == publicKey {
			return true
		}
	}
	return false
}

// explain turns what a database says of tables that are not ours into words.
func (d *dataFolder) explain(ctx context.Context, h half, err error) error {
	var newer *store.NewerError
	var missing *store.MissingTableError
	var schema *store.SchemaError
	var row *store.RowChangedError
	path := h.path(h.database)
	switch {
	case errors.As(err, &newer):
		return refuse(ctx, "newer", "Path", path, "Found", newer.Found, "Known", newer.Known, "Dir", d.root)
	case errors.As(err, &missing):
		return refuse(ctx, "table", "Path", path, "Table", missing.Table, "Dir", d.root)
	case errors.As(err, &schema):
		return refuse(ctx, "schema", "Path", path, "Problem", schemaWords(ctx, schema), "Dir", d.root)
	case errors.As(err, &row):
		return refuse(ctx, "row", "Path", path, "Table", row.Table, "Key", row.Key, "Dir", d.root)
	case errors.Is(err, engine.ErrAuthorityGone):
		return refuse(ctx, "authority", "Path", path, "Dir", d.root)
	case errors.Is(err, audit.ErrEmptied):
		return refuse(ctx, "emptied", "Path", path, "Dir", d.root)
	}
	return err
}

// schemaWords says what is wrong with the structure of a database.
func schemaWords(ctx context.Context, e *store.SchemaError) string {
	var parts []string
	for key, list := range map[string][]string{"foreign": e.Foreign, "altered": e.Altered, "lost": e.Missing} {
		if len(list) > 0 {
			parts = append(parts, i18n.T(ctx, "cli.data.schema."+key, "Names", strings.Join(list, ", ")))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}
