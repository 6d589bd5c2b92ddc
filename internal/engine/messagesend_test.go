package engine_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
	"sealdesk/internal/gateway"
)

// takes is an HTTP gateway that a test can break.
type takes struct {
	mu     sync.Mutex
	status int
	posts  []gateway.Post
	url    string
}

func newTakes(t *testing.T) *takes {
	r := &takes{status: http.StatusOK}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		var p gateway.Post
		if err := json.NewDecoder(req.Body).Decode(&p); err != nil {
			t.Error(err)
		}
		r.posts = append(r.posts, p)
		w.WriteHeader(r.status)
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *takes) gateways() *gateway.Gateways {
	return gateway.New(gateway.Options{URL: r.url, Secret: "s", Private: true})
}

// sendDue works off what is due.
func (p *platform) sendDue() {
	p.Helper()
	if _, err := p.engine.SendMessages(p.Context()); err != nil {
		p.Fatal(err)
	}
}

func (p *platform) newest() engine.Message {
	p.Helper()
	all, _, err := p.engine.ListMessages(p.Context(), "", 1)
	if err != nil || len(all) != 1 {
		p.Fatalf("%+v, %v", all, err)
	}
	return all[0]
}

// A code reaches its owner through a gateway that fails at first, is nowhere else to be read, and is late when its ten minutes are over.
func TestACodeLeavesByAGateway(t *testing.T) {
	r := newTakes(t)
	p := start(t, func(o *engine.Options) { o.Gateways = r.gateways() })
	q := p.party(0)
	flowID := p.flow(q)
	req := taskRequest(flowID, q, q, 200)
	req.VerifyChannel, req.Mobile = []string{"VERIFYCODE"}, phone
	signID := do(p, api.SendFlow, req).SignId
	p.sendDue()
	if len(r.posts) != 1 || r.posts[0].Kind != gateway.KindInvitation || !strings.Contains(r.posts[0].Text, "/s/") {
		t.Fatalf("invited by %+v", r.posts)
	}
	token := p.linkOf(flowID, signID, q)
	r.status = http.StatusBadGateway
	p.clock.Add(time.Second) // so that the code is the newest message
	if err := p.engine.SendCode(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	p.sendDue()
	p.sendDue() // not due yet
	if m := p.newest(); len(r.posts) != 2 || m.State != engine.MessageWaiting || m.Error != "status.502" || m.Attempts != 1 {
		t.Errorf("%d posts, %+v", len(r.posts), m)
	}
	r.status = http.StatusOK
	p.clock.Add(time.Minute)
	p.sendDue()
	m := p.newest()
	if len(r.posts) != 3 || r.posts[1].ID != r.posts[2].ID || r.posts[2].To != phone || m.State != engine.MessageDone {
		t.Errorf("posts %+v, %+v", r.posts, m)
	}
	code := regexp.MustCompile(`：(\d{6})`).FindStringSubmatch(r.posts[2].Text)[1]
	if strings.Contains(m.Body, code) || strings.Contains(m.Recipient, phone) {
		t.Errorf("the log shows %+v", m)
	}
	sign := signRequest(flowID, signID, q)
	sign.VerifyChannel, sign.VerifyResult = "VERIFYCODE", code
	do(p, api.SignFlow, sign)

	// The contract is signed by all, which is not complete; archived it is, and told once.
	p.sendDue()
	if len(r.posts) != 3 {
		t.Errorf("told of a signed contract: %+v", r.posts[3:])
	}
	do(p, api.ArchiveFlow, &api.ArchiveFlowRequest{Caller: q.caller(), FlowId: flowID})
	p.sendDue()
	if len(r.posts) != 4 || r.posts[3].Kind != gateway.KindCompleted || !strings.Contains(r.posts[3].Text, "/p/") {
		t.Errorf("told of a complete contract: %+v", r.posts[3:])
	}

	p.clock.Add(time.Minute)
	other := p.flow(q)
	req.FlowId = other
	token = p.linkOf(other, do(p, api.SendFlow, req).SignId, q)
	if err := p.engine.SendCode(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	p.sendDue()
	sent := len(r.posts)
	p.clock.Add(time.Minute)
	r.status = http.StatusBadGateway
	if err := p.engine.SendCode(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	p.clock.Add(time.Hour)
	p.sendDue()
	if len(r.posts) != sent {
		t.Errorf("sent late: %+v", r.posts[sent:])
	}
	if m := p.newest(); m.State != engine.MessageFailed || m.Error != "late" {
		t.Errorf("an hour later: %+v", m)
	}
}

// What a gateway refuses for good is not tried again, nothing of it is kept, and it is told by task until something newer arrived.
func TestWhatIsRefusedForGoodIsGivenUp(t *testing.T) {
	r := newTakes(t)
	r.status = http.StatusNotFound
	p := start(t, func(o *engine.Options) { o.Gateways = r.gateways() })
	q := p.party(0)
	flowID := p.flow(q)
	req := taskRequest(flowID, q, q, 200)
	req.VerifyChannel, req.Mobile = []string{"VERIFYCODE"}, phone
	signID := do(p, api.SendFlow, req).SignId
	p.sendDue()
	p.clock.Add(24 * time.Hour)
	p.sendDue()
	if m := p.newest(); len(r.posts) != 1 || m.State != engine.MessageFailed || m.Error != "status.404" || m.Attempts != 1 {
		t.Errorf("%d posts, %+v", len(r.posts), m)
	}
	told, err := p.engine.Undelivered(t.Context(), flowID)
	if err != nil || len(told) != 1 || told[0].SignID != signID || told[0].Kind != gateway.KindInvitation || told[0].Address != gateway.Mask(phone) {
		t.Fatalf("told %+v, %v", told, err)
	}
	r.status = http.StatusOK
	if _, err := p.engine.Remind(t.Context(), flowID, signID, "again"); err != nil {
		t.Fatal(err)
	}
	p.sendDue()
	if told, err := p.engine.Undelivered(t.Context(), flowID); err != nil || len(told) != 0 {
		t.Errorf("told %+v, %v", told, err)
	}
}

// Nothing is lost when the program ends, and nothing is sent twice.
func TestMessagesSurviveARestart(t *testing.T) {
	r := newTakes(t)
	dir := filepath.Join(t.TempDir(), "engine")
	in := func(o *engine.Options) { o.Memory, o.DataDir, o.Gateways = false, dir, r.gateways() }
	p := start(t, in)
	q := p.party(0)
	p.task(p.flow(q), q, q, 200)
	if err := p.engine.Close(); err != nil {
		t.Fatal(err)
	}
	again := start(t, in)
	again.sendDue()
	again.sendDue()
	if len(r.posts) != 1 || r.posts[0].Kind != gateway.KindInvitation {
		t.Errorf("after a restart: %+v", r.posts)
	}
}

// Whoever changes where codes go is told of to the address before, and the code goes to the one that is registered.
func TestTheAddressBeforeIsToldOfTheNewOne(t *testing.T) {
	r := newTakes(t)
	p := start(t, func(o *engine.Options) { o.Gateways = r.gateways() })
	q := p.party(0)
	do(p, api.ModifyUser, &api.ModifyUserRequest{UserId: q.user, Mobile: "13700000001"})
	p.sendDue()
	do(p, api.ModifyUser, &api.ModifyUserRequest{UserId: q.user, Mobile: "13900000009"})
	p.sendDue()
	told := r.posts[len(r.posts)-1]
	if told.Kind != gateway.KindChanged || told.To != "13700000001" || !strings.Contains(told.Text, "139****0009") || strings.Contains(told.Text, "13900000009") {
		t.Errorf("told %+v", told)
	}
}
