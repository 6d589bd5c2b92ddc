package routing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/files"
	"sealdesk/internal/routing"
	"sealdesk/internal/watch"
)

// What the parent tells a child: its data folder, the flow, how to reach the engine, what the approver says and where it is to die.
const (
	killDir      = "SEALDESK_KILL_DIR"
	killFlow     = "SEALDESK_KILL_FLOW"
	killEndpoint = "SEALDESK_KILL_ENDPOINT"
	killKeys     = "SEALDESK_KILL_KEYS"
	killRefuse   = "SEALDESK_KILL_REFUSE"
	killPoint    = "SEALDESK_KILL_POINT"
)

// die ends the process as a power cut does, if this is the point that the parent chose.
func die(point string) {
	if os.Getenv(killPoint) == point {
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			panic(err)
		}
		select {}
	}
}

// mortal is the way to the engine of a child, with three points to die at for each call: before it leaves, with the work done and the
// answer lost, and with the answer here and nothing written down.
type mortal struct {
	mu    sync.Mutex
	calls map[string]int
}

func (m *mortal) RoundTrip(req *http.Request) (*http.Response, error) {
	action := req.Header.Get("X-TC-Action")
	m.mu.Lock()
	m.calls[action]++
	point := fmt.Sprint(action, " ", m.calls[action])
	m.mu.Unlock()
	die(point + " before the request")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	die(point + " answer lost")
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	die(point + " answer not written down")
	return resp, nil
}

// killPoints are where a portal dies in the life of the flow: step 1 wants one of two people, step 2 an approval, step 3 an organisation.
func killPoints(refuse bool) (points []string) {
	calls := []string{"UploadFiles 1", "UploadFiles 2", "CreateFlowByFiles 1", "SendFlow 1", "SendFlow 2", "SendFlow 3", "CreatePreviewSignUrl 1"}
	moments := []string{"signed, not known", "step 1 is known to be done", "before the approval", "after the approval", "complete"}
	if refuse {
		calls, moments = []string{"CancelFlow 1"}, []string{"after the refusal"}
	}
	for _, call := range calls {
		for _, phase := range []string{"before the request", "answer lost", "answer not written down"} {
			points = append(points, call+" "+phase)
		}
	}
	return append(points, moments...)
}

// TestPortalToBeKilled is the child: a portal that works on one flow until it is done, and dies where it is told.
func TestPortalToBeKilled(t *testing.T) {
	if os.Getenv(killDir) == "" {
		t.Skip("the child of TestKilledAnywhereEverybodyIsSentToOnce")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p := openKilled(t, os.Getenv(killDir), &mortal{calls: map[string]int{}})
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- p.router.Run(running) }()
	for flowID := os.Getenv(killFlow); !p.work(ctx, t, flowID); {
		if ctx.Err() != nil {
			f, err := p.db.Flow(context.Background(), db.Everything(), flowID)
			entries, outboxErr := p.db.Outbox(context.Background(), flowID)
			t.Fatalf("not done in time: %+v %v\n%+v %v", f, err, entries, outboxErr)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// killed is a portal on disk, without pages.
type killed struct {
	db     *db.DB
	client *api.Client
	files  *files.Store
	router *routing.Router
	watch  *watch.Watcher
}

func openKilled(t *testing.T, dir string, transport http.RoundTripper) killed {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var p killed
	var err error
	p.db, err = db.Open(t.Context(), db.Options{Dir: dir})
	check(err)
	check(letLinksSign(t.Context(), p.db))
	t.Cleanup(func() { check(p.db.Close()) })
	p.files, err = files.Open(filepath.Join(dir, "files"))
	check(err)
	keys := strings.Fields(os.Getenv(killKeys))
	options := api.ClientOptions{Endpoint: os.Getenv(killEndpoint), SecretID: keys[0], SecretKey: keys[1], ApplicationID: keys[2], Recorder: p.db.Recorder()}
	p.client, err = api.NewClient(options) // of the signers
	check(err)
	options.Transport = transport
	client, err := api.NewClient(options)
	check(err)
	p.router, err = routing.New(routing.Options{DB: p.db, Client: client, Files: p.files, RetryDelay: time.Millisecond})
	check(err)
	p.watch, err = watch.New(watch.Options{DB: p.db, Client: client, Routing: p.router})
	check(err)
	return p
}

// work does one round of what happens around the portal: people sign, the portal asks what they did, the approver decides. It tells when
// everything is done.
func (p killed) work(ctx context.Context, t *testing.T, flowID string) (done bool) {
	t.Helper()
	check := func(err error) {
		if err != nil && ctx.Err() == nil {
			t.Fatal(err)
		}
	}
	f, err := p.db.Flow(ctx, db.Everything(), flowID)
	check(err)
	step, left := f.Current()
	if !left {
		die("complete")
	}
	for _, a := range step.Approvers {
		// Of the two people of step 1 only the first signs, once both have been sent to.
		if a.ID == "a1" || a.Status != api.ApproverPending || f.State != db.FlowSigning {
			continue
		}
		check(p.sign(ctx, f, a))
		if a.ID == "a0" {
			die("signed, not known")
		}
	}
	check(p.watch.Refresh(ctx, flowID))
	f, err = p.db.Flow(ctx, db.Everything(), flowID)
	check(err)
	if f.Approvers[0].Status == db.ApproverSigned {
		die("step 1 is known to be done")
	}
	if f.Approvals[0].Status == db.ApprovalAsked {
		die("before the approval")
		account, err := p.db.AccountByName(ctx, "approver")
		check(err)
		refuse := os.Getenv(killRefuse) != ""
		check(p.db.Decide(ctx, account, flowID, f.Approvals[0].ID, db.Decision{Approve: !refuse, Comment: "条款不符"}))
		die(map[bool]string{false: "after the approval", true: "after the refusal"}[refuse])
		p.router.Wake()
	}
	copies, err := p.db.FlowCopies(ctx, flowID)
	check(err)
	return f.State == db.FlowWithdrawn || f.State == db.FlowSigned && copies[0].URL != ""
}

func (p killed) sign(ctx context.Context, f db.Flow, a db.FlowApprover) error {
	var seals []api.SignSeal
	for _, c := range f.Document.Components {
		if c.Approver == a.ID {
			seals = append(seals, api.SignSeal{ComponentId: c.ID, SignType: c.Type, FileIndex: int64(c.FileIndex)})
		}
	}
	_, err := api.SignFlow.Call(ctx, p.client, &api.SignFlowRequest{Caller: api.Caller{OperatorId: a.UserID, SubOrganizationId: a.OrganizationID},
		FlowId: f.PlatformID, SignId: a.SignID, VerifyChannel: "NONE", SourceIp: "127.0.0.1", SignSeals: seals})
	if api.IsCode(err, api.CodeOperationDenied) {
		return nil // signed before the portal died
	}
	return err
}

// send starts a flow in a new data folder: two files; one of two people, then an approval, then the organisation; one copy.
func (b *bench) send(dir string) (flowID string) {
	b.t.Helper()
	ctx := audit.WithActor(b.t.Context(), audit.Actor{Name: "sender"})
	p := openKilled(b.t, dir, nil)
	d := b.draftIn(p.db, p.files)
	account, err := p.db.AddAccount(ctx, db.NewAccount{Name: "approver", Role: auth.Compliance, Scope: db.Everything()})
	if err == nil {
		d, err = p.db.SaveDraft(ctx, db.Everything(), d.ID, 1, func(d *db.Draft) error {
			d.Files = append(d.Files, d.Files[0])
			d.Needs = map[int]int{1: 1}
			d.Approvals = []db.DraftApproval{{ID: "p", Step: 2, AccountID: account.ID, Name: "approver"}}
			d.Approvers = append(d.Approvers, db.DraftApprover{ID: "a2", UserID: b.people[0], UserName: "王小明", OrganizationID: b.org, OrganizationName: "深圳市示例科技有限公司",
				Channels: []string{"NONE"}, Step: 3})
			d.Components = append(d.Components, db.Component{ID: "c2", Type: db.SignSeal, Approver: "a2", FileIndex: 1, Page: 1, X: 100, Y: 600, Width: 119, Height: 119, Required: true})
			d.Copies = []db.DraftCopy{{ID: "k", Name: "财务部"}}
			return nil
		})
	}
	if err == nil {
		flowID, err = p.router.Send(ctx, db.Everything(), d.ID, d.Revision)
	}
	if err := errors.Join(err, p.db.Close()); err != nil {
		b.t.Fatal(err)
	}
	return flowID
}

// TestKilledAnywhereEverybodyIsSentToOnce kills a portal at every point of a routed flow and starts it again.
func TestKilledAnywhereEverybodyIsSentToOnce(t *testing.T) {
	b := newBench(t)
	b.serve()
	for _, refuse := range []bool{false, true} {
		for _, point := range killPoints(refuse) {
			t.Run(fmt.Sprintf("%s, refused %v", point, refuse), func(t *testing.T) {
				b := *b
				b.t = t
				dir := t.TempDir()
				flowID := b.send(dir)
				if err := child(t, dir, flowID, point, refuse); !killedBySignal(err) {
					t.Fatalf("the portal was to be killed: %v", err)
				}
				if err := child(t, dir, flowID, "", refuse); err != nil {
					t.Fatalf("the portal did not get the flow done after its restart: %v", err)
				}
				b.tasksOnce(dir, flowID, refuse)
			})
		}
	}
}

// serve opens the engine to other processes.
func (b *bench) serve() {
	b.t.Helper()
	for _, person := range b.people {
		if _, err := api.GenerateUserSeal.Call(b.t.Context(), b.client, &api.GenerateUserSealRequest{UserId: person, SourceIp: "127.0.0.1", IsDefault: true}); err != nil {
			b.t.Fatal(err)
		}
	}
	server := httptest.NewServer(b.platform.API())
	b.t.Cleanup(server.Close)
	credentials, err := b.platform.Credentials(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Setenv(killEndpoint, server.URL)
	b.t.Setenv(killKeys, credentials.SecretID+" "+credentials.SecretKey+" "+credentials.ApplicationID)
}

// child runs this test binary as a portal.
func child(t *testing.T, dir, flowID, point string, refuse bool) error {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestPortalToBeKilled$")
	cmd.Env = append(os.Environ(), killDir+"="+dir, killFlow+"="+flowID, killPoint+"="+point)
	if refuse {
		cmd.Env = append(cmd.Env, killRefuse+"=1")
	}
	out, err := cmd.CombinedOutput()
	if err != nil && !killedBySignal(err) {
		t.Logf("%s", out)
	}
	return err
}

func killedBySignal(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// tasksOnce wants each approver whose turn came to have exactly one task at the engine, and the flow to have ended as it should.
func (b *bench) tasksOnce(dir, flowID string, refused bool) {
	b.t.Helper()
	ctx := b.t.Context()
	p := openKilled(b.t, dir, nil)
	f, err := p.db.Flow(ctx, db.Everything(), flowID)
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := api.DescribeFlowApprovers.Call(ctx, b.client, &api.DescribeFlowApproversRequest{FlowId: f.PlatformID})
	if err != nil {
		b.t.Fatal(err)
	}
	tasks := map[[2]string]int{}
	for _, a := range resp.Approvers {
		tasks[[2]string{a.UserId, a.SubOrganizationId}]++
	}
	third := 1
	if refused {
		third = 0
	}
	for who, want := range map[[2]string]int{{b.people[0], ""}: 1, {b.people[1], ""}: 1, {b.people[0], b.org}: third} {
		if tasks[who] != want {
			b.t.Errorf("%v has %d tasks, not %d", who, tasks[who], want)
		}
	}
	state, err := api.DescribeFlow.Call(ctx, b.client, &api.DescribeFlowRequest{FlowId: f.PlatformID})
	if err != nil {
		b.t.Fatal(err)
	}
	if refused && (db.FlowState(state.FlowStatus) != db.FlowWithdrawn || state.FlowMessage != "条款不符" || f.State != db.FlowWithdrawn) {
		b.t.Errorf("after the refusal the platform says %d %q, the portal %d", state.FlowStatus, state.FlowMessage, f.State)
	}
	if !refused && (f.State != db.FlowSigned || f.Approvals[0].Status != db.ApprovalApproved || f.Approvers[1].Status != api.ApproverPending) {
		b.t.Errorf("the flow ended as %d: %+v %+v", f.State, f.Approvers, f.Approvals)
	}
}
