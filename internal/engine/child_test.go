package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
	"sealdesk/internal/font"
	"sealdesk/internal/pdf"
)

// command runs a tool that nobody here wrote.
func command(p *platform, name string, args ...string) string {
	p.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		p.Errorf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// runChild is the engine in a process of its own: it prints its credentials and serves until it is killed.
func runChild(dir string) {
	err := func() error {
		ctx := context.Background()
		face, err := font.Default()
		if err != nil {
			return err
		}
		renderer, err := warmRenderer(ctx, pdfCache)
		if err != nil {
			return err
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		e, err := engine.New(ctx, engine.Options{DataDir: dir, Simulate: true, PublicURL: "http://" + listener.Addr().String(), Face: face, Renderer: renderer, Gateways: childWay()})
		if err != nil {
			return err
		}
		keys, err := e.Credentials(ctx)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(keys); err != nil {
			return err
		}
		go func() { _ = e.RunMessages(ctx) }() // never ends
		return http.Serve(listener, e.API())
	}()
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// spawn starts a child on a data folder, and gives its credentials.
func spawn(t *testing.T, dir string) (*exec.Cmd, engine.Credentials) {
	t.Helper()
	drawing(t) // fills the cache that the child uses
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "SEALDESK_ENGINE_TEST_CHILD="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill() }) // dead already, unless the test failed
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var keys engine.Credentials
	if err != nil || json.Unmarshal(line, &keys) != nil {
		t.Fatalf("the child does not start: %s, %v", line, err)
	}
	return child, keys
}

// TestKillLosesNothingAcknowledged kills the engine with -9 amid signatures. Every answer that arrived must hold when the
// folder is opened again, and the files, the evidence and the states must agree.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	dir := t.TempDir()
	for round, killAfter := range []int64{1, 3} {
		child, keys := spawn(t, dir)
		client := newClient(t, keys, http.DefaultTransport, time.Now)
		p := &platform{T: t, client: client, clock: &clock{now: time.Now()}}
		q := p.someParty(round)
		const flows = 6
		var flowIDs, signIDs []string
		for range flows {
			flowID := p.flow(q)
			flowIDs = append(flowIDs, flowID)
			signIDs = append(signIDs, p.task(flowID, q, q, 200))
		}
		signed := make([]bool, flows)
		var acknowledged atomic.Int64
		enough := make(chan struct{})
		var wg sync.WaitGroup
		for i := range flows {
			wg.Go(func() {
				if _, err := api.SignFlow.Call(t.Context(), client, signRequest(flowIDs[i], signIDs[i], q)); err != nil {
					return
				}
				signed[i] = true
				if acknowledged.Add(1) == killAfter {
					close(enough)
				}
			})
		}
		all := make(chan struct{})
		go func() {
			wg.Wait()
			close(all)
		}()
		select {
		case <-enough:
		case <-all: // none was left to be cut off, or none worked
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		_ = child.Wait() // killed: it has no other way to end

		e := reopen(t, dir)
		p = &platform{T: t, engine: e, clock: p.clock}
		keys, err := e.Credentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p.client = newClient(t, keys, e.Transport(), time.Now)
		for i, flowID := range flowIDs {
			status := p.status(flowID)
			approver := do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: flowID}).Approvers[0]
			if signed[i] && (status != 7 || approver.ApproveStatus != 1) {
				t.Errorf("round %d: an acknowledged signature is lost: flow %d, approver %d", round, status, approver.ApproveStatus)
			}
			if status == 1 { // not acknowledged and not done: it works now
				do(p, api.SignFlow, signRequest(flowID, signIDs[i], q))
			}
			report, err := pdf.Verify(p.fileOf(flowID), e.Roots())
			if err != nil || !report.OK || len(report.Signatures) != 1 {
				t.Errorf("round %d: the file does not agree with the state: %+v, %v", round, report, err)
			}
		}
		if report, err := e.Evidence().Verify(t.Context()); err != nil || !report.OK() {
			t.Errorf("round %d: evidence: %+v, %v", round, report, err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

// fileOf downloads a flow's first file by a link of whatever host.
func (p *platform) fileOf(flowID string) []byte {
	p.Helper()
	url := do(p, api.DescribeFlowFiles, &api.DescribeFlowFilesRequest{FlowId: flowID}).FlowFileInfos[0].Url
	code, data := p.get("http://engine.test" + url[strings.Index(url, "/d/"):])
	if code != http.StatusOK {
		p.Fatalf("download: %d", code)
	}
	return data
}

// someParty is a party with ids of its own in a shared folder.
func (p *platform) someParty(i int) party {
	org := do(p, api.CreateSubOrganizationAndSeal, &api.CreateSubOrganizationAndSealRequest{
		Name: "深圳市示例科技有限公司", IdCardType: "USCC", IdCardNumber: fmt.Sprintf("91440300MA5EXAM%03d", i), OrganizationType: "ENTERPRISE", LegalName: "王小明",
		LegalIdCardType: "ID_CARD", LegalIdCardNumber: canaryIDCard, LegalMobile: canaryMobile, VerifyClientIp: "127.0.0.1",
	})
	user := do(p, api.CreateUserAndSeal, &api.CreateUserAndSealRequest{OpenId: fmt.Sprintf("someone-%d", i), Name: "王小明", IdCardType: "ID_CARD",
		IdCardNumber: canaryIDCard, SourceIp: "127.0.0.1", Mobile: canaryMobile})
	return party{name: "深圳市示例科技有限公司", organization: org.SubOrganizationId, user: user.UserId, seal: org.SealId, handwriting: user.SealId}
}

func reopen(t *testing.T, dir string) *engine.Engine {
	t.Helper()
	face, renderer := drawing(t)
	e, err := engine.New(t.Context(), engine.Options{DataDir: dir, Simulate: true, PublicURL: "http://engine.test", Face: face, Renderer: renderer})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// What must never lie on the disk in clear.
const (
	canaryIDCard = "44030119871225377X"
	canaryMobile = "13912345678"
)

// TestPersonalDataAndSecretsDoNotRestInClear looks for them in every file of a data folder, and checks that a second
// start finds the same keys and certificates.
func TestPersonalDataAndSecretsDoNotRestInClear(t *testing.T) {
	dir := t.TempDir()
	e := reopen(t, dir)
	keys, err := e.Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := &platform{T: t, engine: e, clock: &clock{now: time.Now()}, client: newClient(t, keys, e.Transport(), time.Now)}
	q := p.someParty(0)
	flowID := p.flow(q)
	req := taskRequest(flowID, q, q, 200)
	req.Mobile, req.VerifyChannel = canaryMobile, []string{"VERIFYCODE"}
	do(p, api.SendFlow, req)
	if err := e.SendCode(t.Context(), p.link(flowID, q)); err != nil {
		t.Fatal(err)
	}
	if _, err := e.PutIdentity(t.Context(), engine.Identity{Name: "王小明", IDCard: canaryIDCard, Mobile: canaryMobile}); err != nil {
		t.Fatal(err)
	}
	do(p, api.CreateH5FaceIdUrl, &api.CreateH5FaceIdUrlRequest{Name: "王小明", IdCardNumber: canaryIDCard})
	root := e.RootCertificate()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}

	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, canary := range []string{canaryIDCard, canaryMobile, keys.SecretKey, "PRIVATE KEY"} {
			if strings.Contains(string(data), canary) && !strings.HasSuffix(path, "evidence.key") {
				t.Errorf("%s holds %q in clear", path, canary)
			}
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 && strings.Contains(path, "keys") {
			t.Errorf("%s can be read by others: %o", path, info.Mode().Perm())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	again := reopen(t, dir)
	defer func() {
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}()
	if got, err := again.Credentials(t.Context()); err != nil || got != keys || string(again.RootCertificate()) != string(root) {
		t.Errorf("the second start has other keys: %v", err)
	}
}
