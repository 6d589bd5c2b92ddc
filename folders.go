package main

import (
	"context"
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
)

// folders is the layout of a data folder. Portal and engine never open each other's part.
type folders struct{ root string }

func (f folders) portal() string      { return filepath.Join(f.root, "portal") }          // portal.db
func (f folders) portalFiles() string { return filepath.Join(f.root, "portal", "files") } // of drafts
// signs checkpoints
func (f folders) checkpoints() string { return filepath.Join(f.root, "portal", "checkpoints.txt") }      // kept outside of the database
func (f folders) engine() string      { return filepath.Join(f.root, "engine") }                         // engine.db, files, keys
func (f folders) engineRoot() string  { return filepath.Join(f.root, "engine", "root-certificate.pem") } // what verifiers trust
func (f folders) witness() string     { return filepath.Join(f.root, "witness") }                        // of `sealdesk witness`
func (f folders) cache() string       { return filepath.Join(f.root, "cache") }                          // may be deleted at any time

// auditOrigin names the portal's log in its checkpoints.
const auditOrigin = "sealdesk/portal"

// portalDB is the portal's database with the file that its checkpoints go to.
type portalDB struct {
	*db.DB
	checkpoints *os.File
}

// openPortal opens the portal's database and makes what is missing.
func openPortal(ctx context.Context, f folders, clock func() time.Time, onBreak func(audit.Break)) (*portalDB, error) {
	if err := os.MkdirAll(f.portal(), 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	checkpoints, err := os.OpenFile(f.checkpoints(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the checkpoints of the audit log: %w", err)
	}
	portal, err := db.Open(ctx, db.Options{Dir: f.portal(), Clock: clock, Origin: auditOrigin, Checkpoints: checkpoints, OnBreak: onBreak})
	if err != nil {
		return nil, errors.Join(err, checkpoints.Close())
	}
	return &portalDB{portal, checkpoints}, nil
}

// Close writes the last checkpoint and closes the database.
func (p *portalDB) Close() error {
	return errors.Join(p.DB.Close(), p.checkpoints.Close())
}

// exportRoot leaves the engine's root certificate where people and verifiers find it.
func exportRoot(e *engine.Engine, path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.RootCertificate()})
	if err := os.WriteFile(path, certificate, 0o644); err != nil {
		return fmt.Errorf("leave the root certificate: %w", err)
	}
	return nil
}
