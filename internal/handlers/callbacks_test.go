package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

// callback posts one, sealed with keys.
func (v *visitor) callback(keys api.CallbackKeys, id string, body any) *reply {
	v.p.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		v.p.t.Fatal(err)
	}
	sent, signature, err := keys.Seal(data)
	if err != nil {
		v.p.t.Fatal(err)
	}
	return v.with(api.CallbackSignature, signature).with(api.CallbackID, id).send(http.MethodPost, CallbackPath, "application/json", strings.NewReader(string(sent)))
}

func (p *portal) callbackKeys() api.CallbackKeys {
	p.t.Helper()
	keys, err := p.engine.CallbackKeys(context.Background())
	if err != nil {
		p.t.Fatal(err)
	}
	return keys
}

// TestACallbackBringsTheStateAtOnce leaves polling out: what the portal knows, it knows by callbacks.
func TestACallbackBringsTheStateAtOnce(t *testing.T) {
	p := startPortal(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- p.routing.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	draft := admin.draft("服务合同", a, a, b)
	admin.seals(draft)
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	deliver := func() {
		t.Helper()
		if _, err := p.engine.SendCallbacks(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2 {
		p.until("the step is sent", func() bool { return p.flow(flow).Approvers[i].SignID != "" })
		deliver()
		p.sign(flow, i)
		deliver()
		if got := p.flow(flow).Approvers[i].Status; got != 1 {
			t.Fatalf("after the callback approver %d is in state %d", i, got)
		}
	}
	if got := p.flow(flow).State; got != db.FlowSigned && got != db.FlowArchived {
		t.Errorf("the flow is in state %d", got)
	}
	log, err := p.engine.Callbacks(ctx, 0, 20)
	if err != nil || len(log) < 4 {
		t.Fatal(log, err)
	}
	for _, c := range log {
		if c.State != "delivered" || c.Attempts != 1 {
			t.Errorf("%+v", c)
		}
	}
	if seen, err := p.db.CallbackSeen(ctx, log[0].ID); err != nil || !seen {
		t.Errorf("seen: %v, %v", seen, err)
	}
}

func TestOnlyThePlatformsCallbacksAreTaken(t *testing.T) {
	p := startPortal(t)
	keys := p.callbackKeys()
	v := p.visitor()
	hint := api.Callback{FlowId: "of somebody else", Operate: "sign"}
	v.send(http.MethodPost, CallbackPath, "application/json", strings.NewReader("{}")).wantStatus(http.StatusUnauthorized)
	v.callback(api.CallbackKeys{Token: "guessed"}, "1", hint).wantStatus(http.StatusUnauthorized)
	v.callback(keys, "1", "no object").wantStatus(http.StatusBadRequest)
	v.callback(keys, "1", api.Callback{}).wantStatus(http.StatusBadRequest)
	v.callback(keys, "1", hint).wantStatus(http.StatusOK)
	v.callback(keys, "", hint).wantStatus(http.StatusOK)
	if seen, err := p.db.CallbackSeen(context.Background(), "1"); err != nil || !seen {
		t.Errorf("a callback of an unknown flow comes again: %v, %v", seen, err)
	}
	// A key that is turned on later is used from then on, and what is sent in clear no longer taken.
	if err := p.engine.EncryptCallbacks(context.Background(), true); err != nil {
		t.Fatal(err)
	}
	v.callback(keys, "2", hint).wantStatus(http.StatusUnauthorized)
	v.callback(p.callbackKeys(), "2", hint).wantStatus(http.StatusOK)

	p.server.callbackKeys = nil
	v.callback(keys, "3", hint).wantStatus(http.StatusNotFound)
}
