package engine_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

// receiver is somebody's server that takes callbacks.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	keys   api.CallbackKeys
	got    []received
	bad    []string
}

type received struct {
	api.Callback
	id, path string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: http.StatusOK}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		sent, err := io.ReadAll(req.Body)
		if err != nil {
			r.bad = append(r.bad, err.Error())
		}
		body, err := r.keys.Open(sent, req.Header.Get(api.CallbackSignature))
		c := received{id: req.Header.Get(api.CallbackID), path: req.URL.Path}
		if err == nil {
			err = json.Unmarshal(body, &c.Callback)
		}
		if err != nil || req.Method != http.MethodPost {
			r.bad = append(r.bad, string(sent))
		}
		r.got = append(r.got, c)
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

// take gives what came since the last time, as "path operate status".
func (r *receiver) take(t *testing.T) (all []received, short string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.bad) > 0 {
		t.Fatalf("not our callbacks: %v", r.bad)
	}
	var words []string
	for _, c := range r.got {
		words = append(words, c.path+" "+c.Operate+" "+string(rune('0'+c.FlowCallbackStatus)))
	}
	all, r.got = r.got, nil
	return all, strings.Join(words, ", ")
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// listening is an engine that may call back to this machine, and a receiver with its keys.
func listening(t *testing.T, change ...func(*engine.Options)) (*platform, *receiver) {
	p := start(t, append(change, func(o *engine.Options) { o.AllowPrivateCallbacks = true })...)
	r := newReceiver(t)
	var err error
	if r.keys, err = p.engine.CallbackKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p, r
}

func (p *platform) sendCallbacks() {
	p.Helper()
	if _, err := p.engine.SendCallbacks(p.Context()); err != nil {
		p.Fatal(err)
	}
}

// flowWith creates a flow that calls back.
func (p *platform) flowWith(by party, callback string) string {
	p.Helper()
	if p.fileID == "" {
		p.fileID = p.upload(by, contract(p))
	}
	return do(p, api.CreateFlowByFiles, &api.CreateFlowByFilesRequest{Caller: by.caller(), FileIds: []string{p.fileID},
		FlowInfo: api.FlowInfo{FlowName: "采购合同", Deadline: p.clock.Now().Add(30 * 24 * time.Hour).Unix(), CallbackUrl: callback, UserData: "order 7"}}).FlowId
}

func TestCallbacksTellWhatHappens(t *testing.T) {
	p, r := listening(t)
	first, second := p.party(0), p.party(1)
	flow := p.flowWith(first, r.URL+"/flow")
	one, two := taskRequest(flow, first, first, 200), taskRequest(flow, first, second, 400)
	one.CallbackUrl, two.CallbackUrl, two.IsLastApprover = r.URL+"/one", r.URL+"/flow", true
	signOne := do(p, api.SendFlow, one).SignId
	signTwo := do(p, api.SendFlow, two).SignId
	p.sendCallbacks()
	if _, got := r.take(t); !sameWords(got, "/flow start 1, /one start 1, /flow start 1") {
		t.Error(got)
	}
	do(p, api.SignFlow, signRequest(flow, signOne, first))
	p.sendCallbacks()
	all, got := r.take(t)
	if !sameWords(got, "/flow sign 2, /one sign 2") {
		t.Fatal(got)
	}
	c := all[0]
	if c.FlowId != flow || c.RecipientId != signOne || c.UserId != first.user || c.UserData != "order 7" || c.CallbackType != "sign" || !c.Unordered ||
		len(c.Approvers) != 2 || c.Approvers[0].ApproveCallbackStatus != 3 || c.Approvers[1].ApproveCallbackStatus != 2 ||
		c.Approvers[0].OrganizationName != first.name || c.Approvers[0].ApproverMobile != "138****0000" || c.Approvers[0].ApproveMessage != "同意" || c.id == "" {
		t.Errorf("%+v", c)
	}
	do(p, api.SignFlow, signRequest(flow, signTwo, second))
	p.sendCallbacks()
	if _, got := r.take(t); !sameWords(got, "/flow sign 4, /flow finish 4, /one finish 4") {
		t.Error(got)
	}
	p.sendCallbacks()
	if _, got := r.take(t); got != "" {
		t.Errorf("sent again: %s", got)
	}
}

// sameWords compares lists whose entries for different addresses come in any order.
func sameWords(a, b string) bool {
	count := map[string]int{}
	for _, w := range strings.Split(a, ", ") {
		count[w]++
	}
	for _, w := range strings.Split(b, ", ") {
		count[w]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

func TestCallbacksOfEveryEnd(t *testing.T) {
	p, r := listening(t)
	q := p.party(0)
	for want, end := range map[string]func(flow, sign string){
		"/ start 1, / reject 3": func(flow, sign string) {
			do(p, api.RejectFlow, &api.RejectFlowRequest{Caller: q.caller(), FlowId: flow, SignId: sign, VerifyChannel: "NONE", SourceIp: "127.0.0.1", RejectMessage: "不"})
		},
		"/ start 1, / cancel 6": func(flow, _ string) {
			do(p, api.CancelFlow, &api.CancelFlowRequest{Caller: q.caller(), FlowId: flow, CancelMessage: "误"})
		},
		"/ start 1, / deadline 5": func(string, string) {
			if err := p.engine.AdvanceClock(t.Context(), 31*24*time.Hour); err != nil {
				t.Fatal(err)
			}
		},
	} {
		if err := p.engine.ResetClock(t.Context()); err != nil {
			t.Fatal(err)
		}
		flow := p.flowWith(q, r.URL+"/")
		end(flow, p.task(flow, q, q, 200))
		p.sendCallbacks()
		p.sendCallbacks()
		if _, got := r.take(t); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestCallbacksAreTriedAgainAndFailInTheEnd(t *testing.T) {
	p, r := listening(t)
	q := p.party(0)
	r.answer(http.StatusServiceUnavailable)
	flow := p.flowWith(q, r.URL+"/")
	p.task(flow, q, q, 200)
	p.sendCallbacks()
	do(p, api.CancelFlow, &api.CancelFlowRequest{Caller: q.caller(), FlowId: flow, CancelMessage: "误"})
	p.sendCallbacks()
	if _, got := r.take(t); got != "/ start 1" {
		t.Errorf("the order was not kept: %s", got)
	}
	pauses := []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour}
	for _, pause := range pauses {
		p.clock.Add(pause - time.Second)
		p.sendCallbacks()
		if all, _ := r.take(t); len(all) > 0 && all[0].Operate == "start" {
			t.Fatalf("%v: tried too early", pause)
		}
		p.clock.Add(time.Second)
		p.sendCallbacks()
		if all, got := r.take(t); len(all) == 0 || all[0].Operate != "start" {
			t.Fatalf("%v: not tried again: %s", pause, got)
		}
	}
	log, err := p.engine.Callbacks(t.Context(), 0, 10)
	if err != nil || len(log) != 2 || log[1].State != engine.CallbackFailed || log[1].Attempts != 7 {
		t.Fatalf("%+v, %v", log, err)
	}
	one, err := p.engine.FindCallback(t.Context(), log[1].Seq)
	if err != nil || len(one.Tries) != 7 || one.Tries[6].Status != 503 || !strings.Contains(one.Body, `"FlowId": "`+flow+`"`) {
		t.Errorf("%+v, %v", one, err)
	}
	r.answer(http.StatusOK)
	if err := p.engine.Redeliver(t.Context(), log[1].Seq); err != nil {
		t.Fatal(err)
	}
	p.sendCallbacks()
	if all, _ := r.take(t); len(all) == 0 || all[0].id != one.ID {
		t.Error("a person's wish to send it again had no effect")
	}
	if one, err = p.engine.FindCallback(t.Context(), one.Seq); err != nil || one.State != engine.CallbackDelivered {
		t.Errorf("%+v, %v", one, err)
	}
}

func TestCallbacksSurviveARestartAndCanBeEncrypted(t *testing.T) {
	dir := t.TempDir()
	onDisk := func(o *engine.Options) { o.Memory, o.DataDir = false, dir }
	p, r := listening(t, onDisk)
	q := p.party(0)
	flow := p.flowWith(q, r.URL+"/")
	p.task(flow, q, q, 200)
	if err := p.engine.EncryptCallbacks(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if err := p.engine.Close(); err != nil {
		t.Fatal(err)
	}
	p = start(t, onDisk, func(o *engine.Options) { o.AllowPrivateCallbacks = true })
	keys, err := p.engine.CallbackKeys(t.Context())
	if err != nil || len(keys.Key) != 32 || keys.Token != r.keys.Token {
		t.Fatalf("%+v, %v", keys, err)
	}
	r.keys = keys
	p.sendCallbacks()
	if _, got := r.take(t); got != "/ start 1" {
		t.Error(got)
	}
}

func TestCallbacksStayOutOfPrivateNetworks(t *testing.T) {
	r := newReceiver(t)
	for name, c := range map[string]struct {
		own     string
		arrives bool
	}{"no address": {"", false}, "the portal of the same program": {r.URL + "/portal", true}, "another page of it": {r.URL + "/other", false}} {
		t.Run(name, func(t *testing.T) {
			p := start(t, func(o *engine.Options) { o.OwnCallback = c.own })
			var err error
			if r.keys, err = p.engine.CallbackKeys(t.Context()); err != nil {
				t.Fatal(err)
			}
			q := p.party(0)
			p.task(p.flowWith(q, r.URL+"/portal"), q, q, 200)
			p.sendCallbacks()
			if _, got := r.take(t); (got != "") != c.arrives {
				t.Errorf("got %q", got)
			}
			log, err := p.engine.Callbacks(t.Context(), 0, 1)
			if err != nil || len(log) != 1 {
				t.Fatal(log, err)
			}
			one, err := p.engine.FindCallback(t.Context(), log[0].Seq)
			if err != nil || !c.arrives && one.Tries[0].Problem != "private" {
				t.Errorf("%+v, %v", one, err)
			}
		})
	}
	p := start(t)
	q := p.party(0)
	p.flow(q)
	refused(p, value, api.CreateFlowByFiles, &api.CreateFlowByFilesRequest{Caller: q.caller(), FileIds: []string{p.fileID},
		FlowInfo: api.FlowInfo{FlowName: "x", Deadline: p.clock.Now().Add(time.Hour).Unix(), CallbackUrl: "file:///etc/passwd"}})
}
