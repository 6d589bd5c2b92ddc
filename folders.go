package main

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/engine"
	"sealdesk/internal/store"
)

// folders is the layout of a data folder. Portal and engine never open each other's part.
type folders struct{ root string }

func (f folders) portalFiles() string { return filepath.Join(f.root, "portal", "files") }                // of drafts
func (f folders) engineRoot() string  { return filepath.Join(f.root, "engine", "root-certificate.pem") } // what verifiers trust
func (f folders) stampRoots() string  { return filepath.Join(f.root, "engine", "timestamp-roots.pem") }  // of outside authorities
func (f folders) engineWays() string  { return filepath.Join(f.root, "engine", "checkpoint-ways.json") } // how far they left an engine alone
func (f folders) witness() string     { return filepath.Join(f.root, "witness") }                        // of `sealdesk witness`
func (f folders) cache() string       { return filepath.Join(f.root, "cache") }                          // may be deleted at any time
func (f folders) marker() string      { return filepath.Join(f.root, "sealdesk.json") }                  // what belongs here

// The halves of a data folder.
const (
	portalHalf = "portal"
	engineHalf = "engine"
)

var halfNames = []string{portalHalf, engineHalf}

// half is the layout of one of them.
func (f folders) half(name string) half {
	if name == portalHalf {
		return half{name: name, dir: filepath.Join(f.root, "portal"), database: db.FileName, masterKey: db.MasterName, logKey: db.KeyName,
			origin: auditOrigin, set: db.Set(), sealed: db.SealedRows}
	}
	return half{name: name, dir: filepath.Join(f.root, "engine"), database: engine.FileName, masterKey: engine.MasterName, logKey: engine.EvidenceKeyName,
		origin: engine.EvidenceOrigin, set: engine.Set(), sealed: engine.SealedRows}
}

// auditOrigin names the portal's log in its checkpoints.
const auditOrigin = "sealdesk/portal"

// portalDB is the portal's database with the keeper of its checkpoints, which is missing where a command only asks.
type portalDB struct {
	*db.DB
	keeper *keeper
}

// cacheKey gives the key by which compiled code in the folder's cache is known: derived from the master key of the engine, or of the portal where
// there is no engine. Nil for another cache, which is the user's own.
func (f folders) cacheKey(cache string) func() ([]byte, error) {
	if cache != f.cache() {
		return nil
	}
	return func() ([]byte, error) {
		path := f.half(engineHalf).path(engine.MasterName)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			path = f.half(portalHalf).path(db.MasterName)
		}
		if _, err := os.Stat(path); err != nil { // it is not made here
			return nil, err
		}
		master, err := store.LoadKey(path)
		if err != nil {
			return nil, err
		}
		return hkdf.Key(sha256.New, master, nil, "sealdesk compiled code", sha256.Size)
	}
}

// openPortal opens the portal's database.
func openPortal(ctx context.Context, d *dataFolder, clock func() time.Time, onBreak func(audit.Break), onRow func(audit.ChangedRow)) (p *portalDB, err error) {
	h := d.half(portalHalf)
	p = &portalDB{}
	options := db.Options{Dir: h.dir, Clock: clock, Origin: h.origin, Known: d.known(h), OnBreak: onBreak, OnRow: onRow}
	if d.access != asking {
		if p.keeper, err = d.keep(h); err != nil {
			return nil, err
		}
		options.Checkpoints = p.keeper
	}
	if p.DB, err = db.Open(ctx, options); err != nil {
		return nil, errors.Join(d.explain(ctx, h, err), p.keeper.Close())
	}
	if err := d.opened(ctx, h, p.Store().Version, p.Audit()); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Close writes the last checkpoint and closes the database.
func (p *portalDB) Close() error { return errors.Join(p.DB.Close(), p.keeper.Close()) }

// exportRoot leaves the engine's root certificate where people and verifiers find it. Another one that lies there is refused: whoever trusts it
// would not trust what is signed from now on.
func exportRoot(ctx context.Context, e *engine.Engine, path string) error {
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.RootCertificate()})
	there, err := os.ReadFile(path) // #nosec G304 -- within the data folder
	if err == nil && !bytes.Equal(there, certificate) {
		return refuse(ctx, "root", "Path", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(path, certificate, 0o644); err != nil {
		return fmt.Errorf("leave the root certificate: %w", err)
	}
	return nil
}

// exportStampRoots leaves the roots of outside time-stamping authorities beside it. A failure is told to the operator: what was signed is signed.
func (p *program) exportStampRoots() {
	if p.cfg.Memory || p.engine == nil {
		return
	}
	var all []byte
	for _, root := range p.engine.TimestampRoots() {
		all = append(all, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw})...)
	}
	if len(all) == 0 {
		return
	}
	if err := os.WriteFile(p.folders.stampRoots(), all, 0o644); err != nil {
		p.logger.Error("the roots of time-stamping authorities could not be left for verifiers", "error", err)
	}
}
