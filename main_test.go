package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/i18n"
)

// command runs the program in this process and returns what it printed.
func command(t *testing.T, input string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(i18n.WithLanguage(t.Context(), i18n.English), args, strings.NewReader(input), &out)
	return out.String(), err
}

// must is command for what has to work.
func must(t *testing.T, input string, args ...string) string {
	t.Helper()
	out, err := command(t, input, args...)
	if err != nil {
		t.Fatalf("sealdesk %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// tool runs a program that is not ours.
func tool(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is needed for this test; `make tools` installs it", name)
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	return string(out), err
}

func TestDemoLeavesAContractThatOthersVerify(t *testing.T) {
	dir := t.TempDir()
	out := must(t, "", "demo", "--out", dir)
	if n := strings.Count(out, " ms  "); n != 12 {
		t.Errorf("%d steps were printed, want 12:\n%s", n, out)
	}
	contract := filepath.Join(dir, "contract-signed.pdf")

	report, err := tool(t, "pdfsig", contract)
	if err != nil || strings.Count(report, "Signature is Valid.") != 2 {
		t.Errorf("pdfsig: %v\n%s", err, report)
	}
	if report, err := tool(t, "qpdf", "--check", contract); err != nil || strings.Contains(report, "WARNING") {
		t.Errorf("qpdf --check: %v\n%s", err, report)
	}
	if text, err := tool(t, "pdftotext", contract, "-"); err != nil || !strings.Contains(text, "软件服务采购合同") {
		t.Errorf("pdftotext does not find the title: %v", err)
	}
	if pages, err := tool(t, "pdfinfo", contract); err != nil || !strings.Contains(pages, "Pages:           3\n") {
		t.Errorf("the contract is not of three pages: %v\n%s", err, pages)
	}

	root := filepath.Join(dir, "engine-root.pem")
	if report := must(t, "", "verify", contract, "--root", root); strings.Count(report, "reason: SIMULATED 模拟 · ") != 2 || !strings.Contains(report, "2 of them SIMULATED") {
		t.Errorf("the verdict does not say that the demo is simulated:\n%s", report)
	}
	var verdict struct {
		OK         bool
		Signatures []struct{ ChainTrusted bool }
	}
	if err := json.Unmarshal([]byte(must(t, "", "verify", contract, "--root", root, "--json")), &verdict); err != nil {
		t.Fatal(err)
	}
	if !verdict.OK || len(verdict.Signatures) != 2 || !verdict.Signatures[0].ChainTrusted || !verdict.Signatures[1].ChainTrusted {
		t.Errorf("our own verdict: %+v", verdict)
	}
	checkSeals(t, dir)
	key, err := os.ReadFile(filepath.Join(dir, "audit-key.txt"))
	if err != nil {
		t.Fatal(err)
	}
	must(t, "", "audit", "verify", "--export", filepath.Join(dir, "audit.jsonl"), "--key", strings.TrimSpace(string(key)))
}

func checkSeals(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"seal-organization-1", "seal-organization-2", "seal-person-1", "seal-person-2"} {
		picture, err := os.Open(filepath.Join(dir, name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(picture); err != nil {
			t.Errorf("%s.png: %v", name, err)
		}
		if err := picture.Close(); err != nil {
			t.Error(err)
		}
		drawing, err := os.ReadFile(filepath.Join(dir, name+".svg"))
		if err != nil {
			t.Fatal(err)
		}
		var svg struct{ XMLName xml.Name }
		if err := xml.Unmarshal(drawing, &svg); err != nil || svg.XMLName.Local != "svg" {
			t.Errorf("%s.svg: %v %v", name, svg.XMLName, err)
		}
	}
}

func TestOneChangedByteIsReported(t *testing.T) {
	dir := t.TempDir()
	must(t, "", "demo", "--out", dir)
	whole, err := os.ReadFile(filepath.Join(dir, "contract-signed.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(dir, "broken.pdf")
	original, err := os.Stat(filepath.Join(dir, "contract.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	// In the contract itself, in the first signature's update, and at the very end, which only the second signature covers.
	for _, at := range []int{1000, int(original.Size()) / 2, int(original.Size()) + 1000, len(whole) - 1000} {
		changed := bytes.Clone(whole)
		changed[at] ^= 1
		if err := os.WriteFile(broken, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := command(t, "", "verify", broken); err == nil {
			t.Errorf("byte %d changed: sealdesk verify found nothing:\n%s", at, out)
		}
		report, err := tool(t, "pdfsig", broken)
		if err == nil && strings.Count(report, "Signature is Valid.") == 2 {
			t.Errorf("byte %d changed: pdfsig found nothing:\n%s", at, report)
		}
	}
}

func TestAccountsOnTheCommandLine(t *testing.T) {
	data := t.TempDir()
	must(t, "correct horse battery\n", "user", "add", "lina", "--role", "compliance", "--password-stdin", "--data", data)
	if _, err := command(t, "correct horse battery\n", "user", "add", "LiNa", "--role", "admin", "--password-stdin", "--data", data); err == nil {
		t.Error("a second account of the same name was added")
	}
	if _, err := command(t, "correct horse battery\n", "user", "add", "Terminal", "--role", "admin", "--password-stdin", "--data", data); err == nil ||
		!strings.Contains(err.Error(), "choose another name") {
		t.Errorf("an account that is taken for the command line: %v", err)
	}
	if _, err := command(t, "short\n", "user", "add", "wang", "--role", "admin", "--password-stdin", "--data", data); err == nil {
		t.Error("a short password was taken")
	}
	if out := must(t, "", "user", "passwd", "lina", "--data", data); !strings.Contains(out, "Password: ") {
		t.Errorf("no password was made: %s", out)
	}
	if _, err := command(t, "", "user", "passwd", "nobody", "--data", data); err == nil || !strings.Contains(err.Error(), "user list") {
		t.Errorf("unknown account: %v", err)
	}
	var rows []userRow
	if err := json.Unmarshal([]byte(must(t, "", "user", "list", "--json", "--data", data)), &rows); err != nil || len(rows) != 1 || rows[0].Role != "compliance" {
		t.Errorf("user list: %+v %v", rows, err)
	}
	if out := must(t, "", "audit", "verify", "--data", data); !strings.Contains(out, "whole") {
		t.Errorf("audit verify: %s", out)
	}
}

func TestBackupAndRestore(t *testing.T) {
	root := t.TempDir()
	data, copied, restored := filepath.Join(root, "data"), filepath.Join(root, "backup"), filepath.Join(root, "restored")
	must(t, "correct horse battery\n", "user", "add", "lina", "--role", "admin", "--password-stdin", "--data", data)
	instance(t, data).close(t)
	credentials := must(t, "", "engine", "credentials", "--json", "--data", data)
	checkpoint := must(t, "", "audit", "checkpoint", "--data", data)

	must(t, "", "backup", copied, "--data", data)
	if _, err := command(t, "", "backup", copied, "--data", data); err == nil {
		t.Error("a backup was written over another")
	}
	must(t, "", "restore", copied, "--data", restored)
	if got := must(t, "", "engine", "credentials", "--json", "--data", restored); got != credentials {
		t.Errorf("credentials after restoring: %s, before: %s", got, credentials)
	}
	kept := filepath.Join(root, "checkpoint.txt")
	if err := os.WriteFile(kept, []byte(checkpoint), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "", "audit", "verify", "--against", kept, "--data", restored)
	r := instance(t, restored)
	for _, half := range halfNames {
		if events, err := r.log(half).Query(t.Context(), audit.Filter{Action: "data.restore"}, 0, 9); err != nil || len(events) != 1 {
			t.Errorf("%s: %d events tell of the restoring, %v", half, len(events), err)
		}
		if b, broken := r.log(half).Broken(); broken {
			t.Errorf("%s: %+v", half, b)
		}
	}
	r.close(t)
	if err := os.Remove(filepath.Join(copied, "engine", "keys", "master.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := command(t, "", "restore", copied, "--data", filepath.Join(root, "half")); err == nil || !strings.Contains(err.Error(), "master.key is missing") {
		t.Errorf("half a backup: %v", err)
	}
}

// TestABackupOfARunningProgramGoesOn is taken between events: what it knows of the logs is not newer than the databases in it.
func TestABackupOfARunningProgramGoesOn(t *testing.T) {
	root := t.TempDir()
	data, copied, restored := filepath.Join(root, "data"), filepath.Join(root, "backup"), filepath.Join(root, "restored")
	r := instance(t, data)
	r.record(t, portalHalf, 5)
	must(t, "", "backup", copied, "--data", data)
	r.record(t, portalHalf, 5)
	r.close(t)
	if out := must(t, "", "restore", copied, "--data", restored); strings.Count(out, "whole") != 2 || strings.Contains(out, "its marker knows") {
		t.Errorf("it says %s", out)
	}
	must(t, "", "audit", "verify", "--data", restored)
	// A copy made by hand, whose marker is newer than its database, is told.
	if err := copyOver(filepath.Join(data, "sealdesk.json"), filepath.Join(copied, "sealdesk.json")); err != nil {
		t.Fatal(err)
	}
	if out := must(t, "", "restore", copied, "--data", filepath.Join(root, "older")); !strings.Contains(out, "holds 7 events of the portal log, its marker knows of 13") { // that of the backup among them
		t.Errorf("it says %s", out)
	}
	must(t, "", "audit", "verify", "--data", filepath.Join(root, "older"))
}

func copyOver(from, to string) error { return errors.Join(os.Remove(to), copyFile(from, to)) }

func TestUnknownCommandIsAnError(t *testing.T) {
	if err := run(context.Background(), []string{"nonsense"}, nil, &bytes.Buffer{}); err == nil || errors.Is(err, errReported) {
		t.Errorf("got %v", err)
	}
}

func TestTerminalLanguage(t *testing.T) {
	for locale, want := range map[string]string{"zh_CN.UTF-8": "zh-CN", "en_GB.UTF-8": "en", "C": "en", "": "en"} {
		got := terminalLanguage(func(name string) string {
			if name == "LANG" {
				return locale
			}
			return ""
		})
		if got != want {
			t.Errorf("%q: %s, want %s", locale, got, want)
		}
	}
}
