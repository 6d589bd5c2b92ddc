package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/gateway"
	"sealdesk/internal/mailer/mailtest"
	"sealdesk/internal/outward"
)

// An engine that runs alone gives its checkpoints out on each way that a portal has, by the same settings. What left finds an older copy of the
// folder, and a restart goes on where it was.
func TestTheEnginesCheckpointsLeaveTheMachine(t *testing.T) {
	root := t.TempDir()
	data, older, folder := filepath.Join(root, "data"), filepath.Join(root, "older"), filepath.Join(root, "mount")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	listen := freePort(t)
	run := func(more ...string) *process {
		p := startProcess(t, append([]string{"engine", "--data", data, "--engine-listen", listen, "--log-format", "text"}, more...)...)
		eventually(t, "http://"+listen+"/readyz", "ok")
		return p
	}
	run().stop()
	if err := os.CopyFS(older, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}

	posts := make(chan string, 99)
	address := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get(gateway.HeaderSignature) != outward.Signature("s3cret", r.Header.Get(gateway.HeaderTimestamp), body) {
			t.Errorf("signed wrongly: %v, %v", r.Header, err)
		}
		posts <- string(body)
	}))
	defer address.Close()
	syslog, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer syslog.Close()
	mails := mailtest.Start(t, mailtest.Options{})
	attested := freePort(t)
	witness := startProcess(t, "witness", "--data", filepath.Join(root, "other machine"), "--witness-listen", attested, "--log", engineKey(t, data))
	ways := []string{"--checkpoint-folder", folder, "--checkpoint-syslog", (&url.URL{Scheme: "udp", Host: syslog.LocalAddr().String()}).String(),
		"--checkpoint-url", address.URL, "--checkpoint-secret", "s3cret", "--checkpoint-mail-to", "reviewer@example.com", "--smtp-url", mails.URL().String(),
		"--smtp-from", "sealdesk@example.com", "--witness", "http://" + attested, "--witness-key", witness.said("--witness-key")}

	first := run(ways...)
	const origin = "sealdesk-engine-evidence"
	eventually(t, "http://"+attested+"/checkpoint/"+origin, "— sealdesk/witness ")
	first.stop() // sends what is left
	kept := filepath.Join(folder, origin+".txt")
	if text, err := os.ReadFile(kept); err != nil || !strings.HasPrefix(string(text), origin+"\n") {
		t.Errorf("the folder holds %q, %v", text, err)
	}
	if post := <-posts; !strings.Contains(post, origin) {
		t.Errorf("posted %s", post)
	}
	packet := make([]byte, 64<<10)
	if err := syslog.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n, _, err := syslog.ReadFrom(packet); err != nil || !strings.Contains(string(packet[:n]), origin) {
		t.Errorf("syslog got %q, %v", packet[:n], err)
	}
	if all := mails.Mails(); len(all) != 1 || all[0].To != "reviewer@example.com" {
		t.Errorf("mails %+v", all)
	}
	run(ways...).stop()
	if all := mails.Mails(); len(all) != 1 {
		t.Errorf("a restart has mailed again within a day: %d", len(all))
	}

	must(t, "", "audit", "verify", "--log", "engine", "--data", data, "--against", kept)
	if out, err := command(t, "", "audit", "verify", "--log", "engine", "--data", older, "--against", kept); err == nil {
		t.Errorf("an older copy passes:\n%s", out)
	}
	// A mount that is gone is told, not made.
	if err := os.Rename(folder, folder+" gone"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(folders{data}.engineWays()); err != nil { // else the next is due in a minute
		t.Fatal(err)
	}
	last := run("--checkpoint-folder", folder)
	last.stop()
	if log := last.logged(); !strings.Contains(log, "a checkpoint stayed") {
		t.Errorf("a folder that is gone is not told:\n%s", log)
	}
	if out := must(t, "", "audit", "export", "--log", "engine", "--data", data); !strings.Contains(out, `"checkpoint.stayed"`) {
		t.Error("the evidence does not tell that a way stopped")
	}
	if out, err := command(t, "", "engine", "--memory", "--checkpoint-folder", root); err == nil || !strings.Contains(err.Error()+out, "--memory keeps nothing") {
		t.Errorf("an engine that keeps nothing: %v, %s", err, out)
	}
}

// engineKey is the public key of the engine's evidence log.
func engineKey(t *testing.T, data string) string {
	t.Helper()
	_, rest, ok := strings.Cut(must(t, "", "audit", "export", "--log", "engine", "--data", data), `"public_key":"`)
	key, _, found := strings.Cut(rest, `"`)
	if !ok || !found {
		t.Fatal("no key in the export")
	}
	return key
}
