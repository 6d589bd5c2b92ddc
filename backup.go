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

	"sealdesk/internal/config"
	"sealdesk/internal/store"
)

// backup copies a data folder into a new one while the program may run: first the databases, each as one consistent snapshot, then
// everything else. Files are stored once and never changed, so that whatever a snapshot refers to is there when its turn comes.
func backup(ctx context.Context, c config.BackupCommand) error {
	if _, err := os.Stat(c.Data); err != nil {
		return fmt.Errorf("the data folder: %w", err)
	}
	return intoNewFolder(c.Dir, func(dir string) error {
		if err := walk(c.Data, isDatabase, func(rel string) error {
			return snapshot(ctx, filepath.Join(c.Data, rel), filepath.Join(dir, rel))
		}); err != nil {
			return err
		}
		return walk(c.Data, isPlainFile, func(rel string) error {
			return copyFile(filepath.Join(c.Data, rel), filepath.Join(dir, rel))
		})
	})
}

// restore puts a backup into a data folder that does not exist yet.
func restore(ctx context.Context, c config.RestoreCommand) error {
	return intoNewFolder(c.Data, func(dir string) error {
		all := func(rel string) bool { return isDatabase(rel) || isPlainFile(rel) }
		if err := walk(c.Dir, all, func(rel string) error {
			return copyFile(filepath.Join(c.Dir, rel), filepath.Join(dir, rel))
		}); err != nil {
			return err
		}
		return walk(dir, isDatabase, func(rel string) error { return checkDatabase(ctx, filepath.Join(dir, rel)) })
	})
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
