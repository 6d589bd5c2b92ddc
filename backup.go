package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/config"
	"sealdesk/internal/i18n"
	"sealdesk/internal/store"
)

// backup copies a data folder into a new one while the program may run: first what knows how far the logs go, which may not be newer than
// the databases; then these, each as one consistent snapshot; then everything else. Files are stored once and never changed, so that whatever
// a snapshot refers to is there when its turn comes.
func backup(ctx context.Context, c config.BackupCommand) error {
	f := folders{c.Data}
	names, err := f.made(ctx)
	if err != nil {
		return err
	}
	if _, err := openData(ctx, f, asking, names...); err != nil {
		return err
	}
	return intoNewFolder(c.Dir, func(dir string) error {
		copied := func(rel string) error { return copyFile(filepath.Join(c.Data, rel), filepath.Join(dir, rel)) }
		if err := walk(c.Data, knowsTheLogs, copied); err != nil {
			return err
		}
		if err := walk(c.Data, isDatabase, func(rel string) error {
			return snapshot(ctx, filepath.Join(c.Data, rel), filepath.Join(dir, rel))
		}); err != nil {
			return err
		}
		if err := walk(c.Data, func(rel string) bool { return isPlainFile(rel) && !knowsTheLogs(rel) }, copied); err != nil {
			return err
		}
		return recordCommand(ctx, f, config.Backup, nil) // before the copy is there to be taken
	})
}

// knowsTheLogs tells of the marker and the files of checkpoints.
func knowsTheLogs(rel string) bool {
	name := filepath.Base(rel)
	return rel == "sealdesk.json" || name == "checkpoints.txt"
}

// restore puts a backup into a data folder that does not exist yet. What is missing in the backup, or not of one instance, is refused, and so are
// rows and files that are not what Sealdesk wrote. A log that is not whole is restored as it is, since nothing else tells what happened; then the
// exit status is 1.
func restore(ctx context.Context, c config.RestoreCommand, out io.Writer) error {
	names, err := folders{c.Dir}.made(ctx)
	if err != nil {
		return err
	}
	d, err := openData(ctx, folders{c.Dir}, restoring, names...)
	if err != nil {
		return err
	}
	broken := false
	err = intoNewFolder(c.Data, func(dir string) (err error) {
		all := func(rel string) bool { return isDatabase(rel) || isPlainFile(rel) }
		if err := walk(c.Dir, all, func(rel string) error {
			return copyFile(filepath.Join(c.Dir, rel), filepath.Join(dir, rel))
		}); err != nil {
			return err
		}
		if err := walk(dir, isDatabase, func(rel string) error { return checkDatabase(ctx, filepath.Join(dir, rel)) }); err != nil {
			return err
		}
		if d.unmarked {
			if err := (folders{dir}).writeMarker(d.marker); err != nil {
				return err
			}
		}
		if err = markRestored(ctx, folders{dir}, out); err == nil {
			broken, err = judgeRestored(ctx, folders{dir}, out)
		}
		return err
	})
	if err == nil && broken {
		err = exitStatus(1)
	}
	return err
}

// markRestored makes the marker fit what was restored, and records in each log that it was.
func markRestored(ctx context.Context, f folders, out io.Writer) error {
	names, err := f.made(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		h := f.half(name)
		var newest audit.Checkpoint
		err := withLog(ctx, f, name, func(d *dataFolder, log *audit.Log, _ *store.DB) (err error) {
			if newest, err = log.Checkpoint(ctx); err != nil {
				return nil // a log whose checkpoint is not its own is restored as it is: it is broken, and tells so
			}
			for _, known := range audit.FindCheckpoints([]byte(d.marker.Halves[name].Checkpoint), h.origin, log.PublicKey()) {
				if known.End() > newest.End() {
					fmt.Fprintln(out, i18n.T(ctx, "cli.data.restored", "Log", name, "Found", newest.End(), "Known", known.End()))
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := f.markHalf(ctx, h, newest); err != nil {
			return err
		}
	}
	return nil
}

// markHalf writes the marker of a half that was restored, and the event that tells of it.
func (f folders) markHalf(ctx context.Context, h half, newest audit.Checkpoint) error {
	d, err := openData(ctx, f, starting, h.name)
	if err != nil {
		return err
	}
	d.adopted = nil // that it was restored says more
	if err := d.update(func(m *marker) error { return m.remember(h, string(newest.Text)) }); err != nil {
		return err
	}
	event := audit.Event{Actor: terminalActor(), Action: "data.restore", ObjectType: "data", ObjectID: d.marker.ID, Detail: map[string]any{"events": newest.End()}}
	return d.writeLog(ctx, h, nil, func(log *audit.Log) error { return log.Record(ctx, event) })
}

// intoNewFolder fills a folder beside the target and gives it the target's name only when it is whole.
func intoNewFolder(target string, fill func(dir string) error) (err error) {
	if entries, err := os.ReadDir(target); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty; name a folder that does not exist yet", target)
	}
	target, err = filepath.Abs(target)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(target), ".sealdesk-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	if err := fill(temp); err != nil {
		return err
	}
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(temp, target)
}

func isDatabase(rel string) bool { return strings.HasSuffix(rel, ".db") }

// isPlainFile leaves out what belongs to a database, what can be made anew, and files that are only being written.
func isPlainFile(rel string) bool {
	name := filepath.Base(rel)
	return !isDatabase(rel) && !strings.HasSuffix(name, ".db-wal") && !strings.HasSuffix(name, ".db-shm") &&
		!strings.HasPrefix(rel, "cache"+string(filepath.Separator)) && !strings.HasPrefix(name, ".")
}

// walk calls do for every file below root that is wanted, with its path relative to root.
func walk(root string, wanted func(rel string) bool, do func(rel string) error) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil || !wanted(rel) {
			return err
		}
		return do(rel)
	})
}

func snapshot(ctx context.Context, from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	database, err := store.Open(ctx, store.Options{Path: from})
	if err != nil {
		return fmt.Errorf("back up %s: %w", from, err)
	}
	return errors.Join(database.Backup(ctx, to), database.Close())
}

// checkDatabase lets SQLite read the whole file once.
func checkDatabase(ctx context.Context, path string) error {
	database, err := store.Open(ctx, store.Options{Path: path})
	if err != nil {
		return fmt.Errorf("check %s: %w", path, err)
	}
	var verdict string
	err = database.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `PRAGMA integrity_check(1)`).Scan(&verdict)
	})
	if err == nil && verdict != "ok" {
		err = fmt.Errorf("check %s: %s", path, verdict)
	}
	return errors.Join(err, database.Close())
}

func copyFile(from, to string) (err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Sync(), target.Close())
}

// askHealth asks a running portal; an error, and so exit status 1, when it does not answer well.
func askHealth(ctx context.Context, c config.HealthCommand) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+strings.Replace(c.Listen, "0.0.0.0:", "127.0.0.1:", 1)+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the portal answers %s", resp.Status)
	}
	return nil
}
