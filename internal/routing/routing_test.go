package routing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/internal/engine"
	"sealdesk/internal/files"
	"sealdesk/internal/font"
	"sealdesk/internal/pdf"
	"sealdesk/internal/routing"
)

// wire is the way to the engine, with faults: per action, how the next calls fail.
type wire struct {
	to http.RoundTripper

	mu     sync.Mutex
	faults map[string][]fault
	served map[string]int // calls that reached the engine
}

type fault int

const (
	lostRequest fault = iota // the connection broke before the request was read
	lostAnswer               // the engine did it, the answer got lost
	serverError              // the engine did it and answered with an internal error
	refusal                  // the platform did nothing and said so
)

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	action := req.Header.Get("X-TC-Action")
	w.mu.Lock()
	var how fault = -1
	if queue := w.faults[action]; len(queue) > 0 {
		how, w.faults[action] = queue[0], queue[1:]
	}
	if how != lostRequest && how != refusal {
		w.served[action]++
	}
	w.mu.Unlock()
	switch how {
	case lostRequest:
		return nil, errors.New("connection reset")
	case refusal:
		return failure("OperationDenied"), nil
	}
	resp, err := w.to.RoundTrip(req)
	switch {
	case err != nil:
		return nil, err
	case how == lostAnswer:
		return nil, errors.Join(errors.New("connection reset"), resp.Body.Close())
	case how == serverError:
		return failure("InternalError"), resp.Body.Close()
	}
	return resp, nil
}

// failure is an answer of the platform with an error code.
func failure(code string) *http.Response {
	body := `{"Response":{"Error":{"Code":"` + code + `","Message":"?"},"RequestId":"s1"}}`
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewBufferString(body))}
}

func (w *wire) count(action string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.served[action]
}

// sharedRenderer is dear to start, and so the same for all tests.
var sharedRenderer = sync.OnceValues(func() (*pdf.Renderer, error) {
	return pdf.NewRenderer(context.Background(), pdf.RendererOptions{CacheDir: filepath.Join(os.TempDir(), "sealdesk-test-pdfium")})
})

// bench is a portal without its pages: database, files, engine, wire.
type bench struct {
	t        *testing.T
	platform *engine.Engine
	dir      string // of the database
	db       *db.DB
	ahead    time.Duration // of the database's clock
	keys     engine.Credentials
	client   *api.Client
	files    *files.Store
	wire     *wire
	org      string
	people   [2]string
}

func newBench(t *testing.T) *bench {
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	b := &bench{t: t, dir: t.TempDir(), files: files.OpenMemory()}
	face, err := font.Default()
	check(err)
	renderer, err := sharedRenderer()
	check(err)
	platform, err := engine.New(ctx, engine.Options{Memory: true, Simulate: true, PublicURL: "http://engine.test", Clock: time.Now, Face: face, Renderer: renderer})
	check(err)
	b.platform = platform
	t.Cleanup(func() { check(platform.Close()) })
	b.db, err = db.Open(ctx, db.Options{Dir: b.dir, Clock: func() time.Time { return time.Now().Add(b.ahead) }})
	check(err)
	check(letLinksSign(ctx, b.db))
	t.Cleanup(func() { check(b.db.Close()) })
	b.keys, err = platform.Credentials(ctx)
	check(err)
	b.wire = &wire{to: platform.Transport(), faults: map[string][]fault{}, served: map[string]int{}}
	b.client = b.clientOver(b.db, b.wire)
	made, err := api.CreateSubOrganizationAndSeal.Call(ctx, b.client, &api.CreateSubOrganizationAndSealRequest{
		Name: "深圳市示例科技有限公司", IdCardType: "USCC", IdCardNumber: "91440300MA5EXAMP1F", OrganizationType: "ENTERPRISE", LegalName: "王小明",
		LegalIdCardType: "ID_CARD", LegalIdCardNumber: "440301198001010018", VerifyClientIp: "127.0.0.1", SealType: "CONTRACT",
	})
	check(err)
	b.org = made.SubOrganizationId
	for i, card := range []string{"440301198001010018", "110101198503072027"} {
		user, err := api.CreateUser.Call(ctx, b.client, &api.CreateUserRequest{OpenId: card, Name: "王小明", IdCardType: "ID_CARD", IdCardNumber: card})
		check(err)
		_, err = api.VerifyUser.Call(ctx, b.client, &api.VerifyUserRequest{UserId: user.UserId})
		check(err)
		b.people[i] = user.UserId
	}
	return b
}

// clientOver calls the platform over a way of its own and records the calls in a database.
func (b *bench) clientOver(in *db.DB, way http.RoundTripper) *api.Client {
	b.t.Helper()
	client, err := api.NewClient(api.ClientOptions{Endpoint: b.keys.Endpoint, SecretID: b.keys.SecretID, SecretKey: b.keys.SecretKey,
		ApplicationID: b.keys.ApplicationID, Transport: way, Recorder: in.Recorder()})
	if err != nil {
		b.t.Fatal(err)
	}
	return client
}

// router is one run of the portal's sending; ending it is what a restart is for the outbox.
func (b *bench) router() (*routing.Router, func()) {
	b.t.Helper()
	r, err := routing.New(routing.Options{DB: b.db, Client: b.client, Files: b.files, RetryDelay: time.Millisecond})
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return r, func() {
		cancel()
		if err := <-done; err != nil {
			b.t.Error(err)
		}
	}
}

// draft stores a draft of one file for both people, in one step.
func (b *bench) draft() db.Draft {
	b.t.Helper()
	return b.draftIn(b.db, b.files)
}

// letLinksSign is an administrator's decision: these tests are about the order of sending, and sign by link only.
func letLinksSign(ctx context.Context, d *db.DB) error {
	policy := d.Policy()
	policy.LinkOnly = true
	return d.SetPolicy(ctx, policy)
}

// draftIn is draft in another portal.
func (b *bench) draftIn(portal *db.DB, store *files.Store) db.Draft {
	b.t.Helper()
	ctx := b.t.Context()
	face, err := font.Default()
	if err != nil {
		b.t.Fatal(err)
	}
	c := pdf.NewComposer(face)
	c.Title("采购合同")
	data, err := c.Bytes()
	if err != nil {
		b.t.Fatal(err)
	}
	ref, err := store.Put(ctx, data)
	if err != nil {
		b.t.Fatal(err)
	}
	id := fmt.Sprintf("%032x", time.Now().UnixNano())
	b.introduce(portal)
	if err := portal.AddFile(ctx, db.File{ID: id, Name: "合同.pdf", Ref: string(ref), Size: int64(len(data)), Pages: []db.PageSize{{Width: 595, Height: 841}}, Created: time.Now()}); err != nil {
		b.t.Fatal(err)
	}
	d := db.Draft{ID: id, OrganizationID: b.org, Name: "采购合同", CreatedBy: "test", Created: time.Now()}
	d.OperatorID, d.Deadline, d.Files = b.people[0], time.Now().Add(48*time.Hour), []string{id}
	for i, person := range b.people {
		approver := fmt.Sprint("a", i)
		d.Approvers = append(d.Approvers, db.DraftApprover{ID: approver, UserID: person, UserName: "王小明", Channels: []string{"NONE"}, Step: 1})
		d.Components = append(d.Components, db.Component{ID: fmt.Sprint("c", i), Type: db.SignSignature, Approver: approver, Page: 1, X: 100, Y: 100 + 200*float64(i),
			Width: 119, Height: 43, Required: true})
	}
	if err := portal.CreateDraft(ctx, d); err != nil {
		b.t.Fatal(err)
	}
	d.Revision = 1
	return d
}

// introduce tells a portal of the organisation and both people, who sign for it. Twice is no error.
func (b *bench) introduce(portal *db.DB) {
	b.t.Helper()
	ctx := b.t.Context()
	err := portal.AddOrganization(ctx, db.Organization{ID: b.org, Name: "深圳市示例科技有限公司", Kind: "ENTERPRISE", IDCardType: "USCC", Verified: time.Now()})
	for _, person := range b.people {
		err = errors.Join(err, portal.AddUser(ctx, db.User{ID: person, Name: "王小明", Verified: time.Now(), Organizations: []db.UserOrganization{{ID: b.org}}}))
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) until(flowID string, state db.FlowState) db.Flow {
	b.t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(20 * time.Second); ; <-ticker.C {
		f, err := b.db.Flow(b.t.Context(), db.Everything(), flowID)
		if err != nil {
			b.t.Fatal(err)
		}
		if f.State == state {
			return f
		}
		if time.Now().After(end) {
			entries, err := b.db.Outbox(b.t.Context(), flowID)
			b.t.Fatalf("the flow stays in state %d (%s), not %d: %+v %v", f.State, f.Problem, state, entries, err)
		}
	}
}

// exactlyOnce wants each thing done once at the platform, whatever happened on the way.
func (b *bench) exactlyOnce(f db.Flow) {
	b.t.Helper()
	resp, err := api.DescribeFlowApprovers.Call(b.t.Context(), b.client, &api.DescribeFlowApproversRequest{FlowId: f.PlatformID})
	if err != nil {
		b.t.Fatal(err)
	}
	if len(resp.Approvers) != 2 {
		b.t.Errorf("the platform has %d tasks", len(resp.Approvers))
	}
	for _, a := range f.Approvers {
		if a.SignID == "" || a.Status != 0 {
			b.t.Errorf("an approver was left out: %+v", a)
		}
	}
	for action, want := range map[string]int{"UploadFiles": 1, "CreateFlowByFiles": 1, "SendFlow": 2} {
		if got := b.wire.count(action); got != want {
			b.t.Errorf("%s reached the platform %d times, want %d", action, got, want)
		}
	}
}

func TestSendingHappensOnceWhateverGetsLost(t *testing.T) {
	for _, action := range []string{"none", "UploadFiles", "CreateFlowByFiles", "SendFlow"} {
		for name, faults := range map[string][]fault{
			"the request is lost": {lostRequest}, "the answer is lost": {lostAnswer}, "an internal error after the work": {serverError},
			"lost again and again": {lostRequest, lostRequest, lostAnswer},
		} {
			if action == "none" && name != "the request is lost" {
				continue
			}
			t.Run(action+" "+name, func(t *testing.T) {
				b := newBench(t)
				b.wire.faults[action] = faults
				r, stop := b.router()
				defer stop()
				id, err := r.Send(t.Context(), db.Everything(), b.draft().ID, 1)
				if err != nil {
					t.Fatal(err)
				}
				b.exactlyOnce(b.until(id, db.FlowSigning))
			})
		}
	}
}

// A crash leaves an entry at "trying": before the call, or after it.
func TestSendingGoesOnAfterACrash(t *testing.T) {
	for _, kind := range []string{db.OutboxUpload, db.OutboxCreate, db.OutboxSend} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, after the call: %v", kind, after), func(t *testing.T) {
				b := newBench(t)
				action := map[string]string{db.OutboxUpload: "UploadFiles", db.OutboxCreate: "CreateFlowByFiles", db.OutboxSend: "SendFlow"}[kind]
				// The first run never hears of its call again.
				many := lostRequest
				if after {
					many = lostAnswer
				}
				b.wire.faults[action] = []fault{many}
				for _, question := range []string{"DescribeFileIdsByCustomIds", "DescribeCustomFlowIds", "DescribeFlowApprovers"} {
					b.wire.faults[question] = []fault{lostRequest, lostRequest, lostRequest, lostRequest, lostRequest, lostRequest}
				}
				r, stop := b.router()
				id, err := r.Send(t.Context(), db.Everything(), b.draft().ID, 1)
				if err != nil {
					t.Fatal(err)
				}
				entry := b.waitUnknown(id, kind)
				stop()
				if err := b.db.OutboxTry(t.Context(), entry); err != nil {
					t.Fatal(err)
				}
				b.wire.mu.Lock()
				clear(b.wire.faults)
				b.wire.mu.Unlock()

				_, stop = b.router()
				defer stop()
				b.exactlyOnce(b.until(id, db.FlowSigning))
			})
		}
	}
}

// waitUnknown waits for an entry of the kind whose outcome is not known.
func (b *bench) waitUnknown(flowID, kind string) db.OutboxEntry {
	b.t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-ticker.C {
		entries, err := b.db.Outbox(b.t.Context(), flowID)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, e := range entries {
			if e.Kind == kind && e.State == db.OutboxUnknown {
				return e
			}
		}
	}
	b.t.Fatalf("no entry %s of unknown outcome", kind)
	return db.OutboxEntry{}
}

func TestARefusalWaitsForAPerson(t *testing.T) {
	b := newBench(t)
	r, stop := b.router()
	defer stop()
	draft := b.draft()
	// The portal's own copy of the file is gone: nothing can be uploaded.
	if err := b.files.Delete(t.Context(), files.Ref(b.fileRef(draft))); err != nil {
		t.Fatal(err)
	}
	id, err := r.Send(t.Context(), db.Everything(), draft.ID, draft.Revision)
	if err != nil {
		t.Fatal(err)
	}
	f := b.until(id, db.FlowFailed)
	if f.Problem != api.CodeResourceNotFound || f.PlatformID != "" {
		t.Errorf("failed with %q", f.Problem)
	}
	if b.wire.count("CreateFlowByFiles") != 0 {
		t.Error("the flow was created without its file")
	}
	reopened, err := b.db.ReopenDraft(t.Context(), db.Everything(), id)
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.db.Draft(t.Context(), db.Everything(), reopened)
	if err != nil || len(again.Components) != 2 || again.Name != draft.Name {
		t.Errorf("the draft came back as %+v, %v", again, err)
	}
}

func (b *bench) fileRef(d db.Draft) string {
	b.t.Helper()
	f, err := b.db.File(b.t.Context(), db.Everything(), d.Files[0])
	if err != nil {
		b.t.Fatal(err)
	}
	return f.Ref
}

func TestSendRefusesADraftThatChangedMeanwhile(t *testing.T) {
	b := newBench(t)
	r, stop := b.router()
	defer stop()
	d := b.draft()
	if _, err := b.db.SaveDraft(t.Context(), db.Everything(), d.ID, 1, func(d *db.Draft) error { d.Name = "改名"; return nil }); err != nil {
		t.Fatal(err)
	}
	var stale *db.StaleError
	if _, err := r.Send(t.Context(), db.Everything(), d.ID, 1); !errors.As(err, &stale) || stale.Revision != 2 {
		t.Errorf("got %v", err)
	}
}

func TestPreflightTellsEverythingAtOnce(t *testing.T) {
	b := newBench(t)
	r, stop := b.router()
	defer stop()
	d := b.draft()
	d, err := b.db.SaveDraft(t.Context(), db.Everything(), d.ID, 1, func(d *db.Draft) error {
		d.Deadline = time.Now().Add(-time.Minute)
		d.Components = d.Components[:1]
		d.Components[0].X = 9000
		d.OperatorID = ""
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Send(t.Context(), db.Everything(), d.ID, d.Revision)
	var preflight *routing.PreflightError
	if !errors.As(err, &preflight) {
		t.Fatalf("got %v", err)
	}
	got := map[string]bool{}
	for _, p := range preflight.Problems {
		got[p.Rule] = true
	}
	for _, want := range []string{"deadline", "operator", "no_component", "misplaced"} {
		if !got[want] {
			t.Errorf("%s is not told: %v", want, preflight.Problems)
		}
	}
	if b.wire.count("UploadFiles") != 0 {
		t.Error("something was sent")
	}
}

func TestADefaultSealThatIsGoneHindersSending(t *testing.T) {
	b := newBench(t)
	r, stop := b.router()
	defer stop()
	ctx := t.Context()
	d := b.draft()
	rules := func(value, organization string) (all []string) {
		t.Helper()
		var err error
		if d, err = b.db.SaveDraft(ctx, db.Everything(), d.ID, d.Revision, func(d *db.Draft) error {
			d.Approvers[0].OrganizationID, d.Approvers[0].OrganizationName = organization, "深圳市示例科技有限公司"
			d.Components[0].Type, d.Components[0].Value = db.SignSeal, value
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		problems, err := r.Preflight(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			if strings.HasPrefix(p.Rule, "seal_") && p.Component == "c0" {
				all = append(all, p.Rule)
			}
		}
		return all
	}
	if got := rules("SUBORG_DEFAULT_SEAL", ""); !slices.Equal(got, []string{"seal_of_another"}) {
		t.Errorf("whoever signs for nobody stamps the seal of an organisation: %v", got)
	}
	if got := rules("USER_DEFAULT_SEAL", b.org); !slices.Equal(got, []string{"seal_of_another"}) {
		t.Errorf("whoever signs for an organisation stamps a seal of their own: %v", got)
	}
	if got := rules("SUBORG_DEFAULT_SEAL", b.org); got != nil {
		t.Errorf("a seal that the portal does not know of hinders: %v", got)
	}
	drawn, err := api.GenerateOrganizationSeal.Call(ctx, b.client, &api.GenerateOrganizationSealRequest{Caller: api.Caller{SubOrganizationId: b.org, OperatorId: b.people[0]},
		SealType: "CONTRACT", SourceIp: "127.0.0.1", IsDefault: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.db.AddSeal(ctx, db.Seal{ID: drawn.SealId, OrganizationID: b.org, Kind: "CONTRACT", Source: db.SealGenerated, Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if got := rules("SUBORG_DEFAULT_SEAL", b.org); got != nil {
		t.Errorf("the default seal hinders: %v", got)
	}
	if err := b.db.AddSeal(ctx, db.Seal{ID: "gone", OrganizationID: b.org, Kind: "CONTRACT", Source: db.SealUploaded, Default: true, Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if got := rules("SUBORG_DEFAULT_SEAL", b.org); !slices.Equal(got, []string{"seal_gone"}) {
		t.Errorf("a seal that is not there does not hinder: %v", got)
	}
	if got := rules("", b.org); got != nil {
		t.Errorf("whose signer chooses is hindered: %v", got)
	}
}
