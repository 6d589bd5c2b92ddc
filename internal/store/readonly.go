package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// openReadOnly opens a database to be read, also one on a medium that cannot be written. Without a write-ahead log nobody has it open, and it
// is read as a file that does not change; with one, SQLite needs to write beside it, so that where this may not be the two are copied away.
func (d *DB) openReadOnly(ctx context.Context, o Options) error {
	info, err := os.Stat(d.path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("it is no file")
	}
	settings := url.Values{"mode": {"ro"}, "_query_only": {"on"}, "_txlock": {"deferred"}}
	_, err = os.Stat(d.path + "-wal")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.immutable = true
		settings.Set("immutable", "1")
	case err != nil:
		return err
	case !d.besideMayBeWritten(info):
		if err := d.copyAway(); err != nil {
			return err
		}
	}
	return d.openReaders(ctx, o, settings)
}

// Overtaken tells of a database that was opened read-only while nobody had it open that somebody has it open by now: what was read since may
// not fit together. Open it again.
func (d *DB) Overtaken() bool {
	_, err := os.Stat(d.path + "-wal")
	return d.immutable && err == nil
}

// besideMayBeWritten asks the modes rather than the system: to root everything may be written, also what was meant to stay as it is.
func (d *DB) besideMayBeWritten(file fs.FileInfo) bool {
	const anybody = 0o222
	folder, err := os.Stat(filepath.Dir(d.path))
	return err == nil && file.Mode()&anybody != 0 && folder.Mode()&anybody != 0
}

// copyAway copies the database with its write-ahead log into a temporary folder, which Close removes, and goes on with the copy.
func (d *DB) copyAway() error {
	folder, err := os.MkdirTemp("", "sealdesk-copy-")
	if err != nil {
		return err
	}
	from := d.path
	d.temp, d.path = folder, filepath.Join(folder, filepath.Base(from))
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(from+suffix, d.path+suffix); err != nil {
			return fmt.Errorf("copy it to where its write-ahead log can be read: %w", err)
		}
	}
	return nil
}

func copyFile(from, to string) (err error) {
	source, err := os.Open(from) // #nosec G304 -- the operator's own setting
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // #nosec G304 -- in a folder of our own
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
