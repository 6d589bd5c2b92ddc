package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary be the program itself, so that tests can run it as processes of their own.
func TestMain(m *testing.M) {
	if os.Getenv("SEALDESK_TEST_PROGRAM") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// process is the program in a process of its own.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string
	log   *os.File
}

func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], args...)
	cmd.Env = append(os.Environ(), "SEALDESK_TEST_PROGRAM=1", "LC_ALL=C")
	log, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t, cmd, make(chan string, 100), log}
	go func() {
		for in := bufio.NewScanner(out); in.Scan(); {
			p.lines <- in.Text()
		}
		close(p.lines)
	}()
	t.Cleanup(p.stop)
	return p
}

// said waits for a line that begins so and returns its last word.
func (p *process) said(prefix string) string {
	p.t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("the program ended before it said %q:\n%s", prefix, p.logged())
			}
			if strings.HasPrefix(strings.TrimSpace(line), prefix) {
				words := strings.Fields(line)
				return words[len(words)-1]
			}
		case <-late:
			p.t.Fatalf("the program did not say %q:\n%s", prefix, p.logged())
		}
	}
}

func (p *process) logged() string {
	data, err := os.ReadFile(p.log.Name())
	if err != nil {
		p.t.Fatal(err)
	}
	return string(data)
}

func (p *process) stop() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		_ = p.cmd.Wait()
	}
}

// freePort is an address of this machine that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// eventually asks until the answer holds the text.
func eventually(t *testing.T, url, text string) string {
	t.Helper()
	body := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get(url)
		if err != nil {
			continue // it is still starting
		}
		data, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if body = string(data); err == nil && strings.Contains(body, text) {
			return body
		}
	}
	t.Fatalf("%s does not say %q:\n%s", url, text, body)
	return ""
}

// Two machines: a portal and its witness. The data folder is put back to an older copy, and goes on from there: the witness refuses it, and
// its copy of the checkpoint shows the loss to whoever verifies.
func TestAWitnessFindsAnOlderCopyThatGoesOn(t *testing.T) {
	root := t.TempDir()
	data, older := filepath.Join(root, "data"), filepath.Join(root, "older")
	must(t, "correct horse battery\n", "user", "add", "lina", "--role", "admin", "--password-stdin", "--data", data)
	instance(t, data).close(t)
	key := logKey(t, data)
	if err := os.CopyFS(older, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	attested, portal := freePort(t), freePort(t)
	witness := startProcess(t, "witness", "--data", filepath.Join(root, "other machine"), "--witness-listen", attested, "--log", key)
	witnessKey := witness.said("--witness-key")

	serve := func(folder string) *process {
		return startProcess(t, "serve", "--data", folder, "--listen", portal, "--engine-listen", freePort(t), "--log-format", "text",
			"--witness", "http://"+attested, "--witness-key", witnessKey)
	}
	for i := range 3 {
		must(t, "correct horse battery\n", "user", "add", fmt.Sprint("wang", i), "--role", "business", "--password-stdin", "--data", data)
	}
	first := serve(data)
	kept := eventually(t, "http://"+attested+"/checkpoint/sealdesk/portal", "— sealdesk/witness ")
	first.stop()
	against := filepath.Join(root, "kept.txt")
	if err := os.WriteFile(against, []byte(kept), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "", "audit", "verify", "--data", data, "--against", against)

	if out, err := command(t, "", "audit", "verify", "--data", older, "--against", against); err == nil {
		t.Errorf("the older copy passes against the witness's checkpoint:\n%s", out)
	}
	second := serve(older)
	eventually(t, "http://"+portal+"/readyz", "ALARM: the witness saw another history")
	second.stop()
	if log := second.logged(); !strings.Contains(log, "ALARM: the witness saw another history") {
		t.Errorf("the operator's log does not say so:\n%s", log)
	}
}

// logKey is the public key of the audit log, as an export tells it.
func logKey(t *testing.T, data string) string {
	t.Helper()
	out := must(t, "", "audit", "export", "--data", data)
	_, rest, ok := strings.Cut(out, `"public_key":"`)
	key, _, found := strings.Cut(rest, `"`)
	if !ok || !found {
		t.Fatalf("no key in %.200s", out)
	}
	return key
}
