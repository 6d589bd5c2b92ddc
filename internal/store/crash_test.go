package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The test binary runs itself as the process that is killed: with this variable it writes to the named database until it dies, and prints
// each text after its Write returned.
const crashVariable = "SEALDESK_STORE_CRASH"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashVariable); path != "" {
		fmt.Fprintln(os.Stderr, writeForever(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func writeForever(path string) error {
	ctx := context.Background()
	d, err := Open(ctx, Options{Path: path, Migrations: migrations})
	if err != nil {
		return err
	}
	errs := make(chan error)
	var mu sync.Mutex
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				text := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				if err := put(ctx, d, text); err != nil {
					errs <- err
					return
				}
				mu.Lock()
				_, err := fmt.Println(text)
				mu.Unlock()
				if err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	return <-errs
}

func TestKilledProcessLosesNothingAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	acknowledged := map[string]bool{}
	for round := range 4 {
		for _, text := range killAfter(t, path, 40+60*round) {
			acknowledged[text] = true
		}
		d, err := Open(t.Context(), Options{Path: path, Migrations: migrations})
		if err != nil {
			t.Fatal(err)
		}
		there := map[string]bool{}
		for _, text := range texts(t, d) {
			there[text] = true
		}
		var check string
		err = d.Read(t.Context(), func(tx *Tx) error { return tx.QueryRow(t.Context(), "PRAGMA integrity_check").Scan(&check) })
		if err := errors.Join(err, d.Close()); err != nil || check != "ok" {
			t.Fatalf("integrity: %q, %v", check, err)
		}
		for text := range acknowledged {
			if !there[text] {
				t.Errorf("round %d: %s was acknowledged and is gone", round, text)
			}
		}
	}
}

// killAfter runs the writing process until it acknowledged n texts, kills it in the middle of its work, and returns every text whose whole
// line came through.
func killAfter(t *testing.T, path string, n int) (acknowledged []string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), crashVariable+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		acknowledged = append(acknowledged, strings.TrimSuffix(line, "\n"))
		if len(acknowledged) == n {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || len(acknowledged) < n {
		t.Fatalf("the process ended by itself after %d texts: %v", len(acknowledged), err)
	}
	return acknowledged
}
