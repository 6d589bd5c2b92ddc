package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/engine"
)

// The evidence gives its checkpoints out, so that a cut log is found by whoever keeps them.
func TestCheckpointsOfTheEvidenceLeaveTheEngine(t *testing.T) {
	var kept bytes.Buffer
	p := start(t, func(o *engine.Options) { o.Checkpoints = &kept })
	p.flow(p.party(0))
	newest, err := p.engine.Evidence().Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := audit.ParseCheckpoints(kept.Bytes(), p.engine.Evidence().PublicKey())
	if err != nil || len(all) == 0 || all[len(all)-1].Size != newest.Size {
		t.Errorf("%d checkpoints left, %v; the newest is of %d events", len(all), err, newest.Size)
	}
}

// badCall asks the engine's wire as whoever has nothing but its address.
func (p *platform) badCall(from string, change func(*http.Request)) {
	p.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://engine.test/", strings.NewReader("{}"))
	r.RemoteAddr = from + ":40000"
	r.Header.Set("X-TC-Action", "DescribeUsers")
	r.Header.Set("X-TC-Version", "2020-12-22")
	change(r)
	w := httptest.NewRecorder()
	p.engine.API().ServeHTTP(w, r)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"Error"`) {
		p.Errorf("a bad call gets %d %s", w.Code, w.Body)
	}
}

// Calls that are refused for who makes them are in the evidence, by address and reason, and a flood of them is a handful of events.
func TestRefusedCallsAreCountedByAddressAndReason(t *testing.T) {
	p := start(t)
	stranger := newClient(t, engine.Credentials{Endpoint: p.keys.Endpoint, SecretID: "AKIDunknown", SecretKey: "none", ApplicationID: p.keys.ApplicationID},
		p.engine.Transport(), p.clock.Now)
	forger := newClient(t, engine.Credentials{Endpoint: p.keys.Endpoint, SecretID: p.keys.SecretID, SecretKey: "wrong", ApplicationID: p.keys.ApplicationID},
		p.engine.Transport(), p.clock.Now)
	late := newClient(t, p.keys, p.engine.Transport(), func() time.Time { return p.clock.Now().Add(-time.Hour) })
	other := p.keys
	other.ApplicationID = "another-application"
	trespasser := newClient(t, other, p.engine.Transport(), p.clock.Now)
	from := p.engine.Evidence().Count()
	request := func() *api.DescribeUsersRequest { return &api.DescribeUsersRequest{UserIds: []string{"none"}} }
	for range 3 {
		for _, c := range []*api.Client{stranger, forger, late, trespasser} {
			if _, err := api.DescribeUsers.Call(t.Context(), c, request()); err == nil {
				t.Error("a bad call was answered")
			}
		}
	}
	for i := range 2000 {
		p.badCall("192.0.2.7", func(r *http.Request) { r.Header.Set("Authorization", fmt.Sprint("nonsense ", i)) })
	}
	for i := range 300 {
		p.badCall(fmt.Sprintf("198.51.100.%d", i%250), func(r *http.Request) { r.Method = http.MethodPut })
	}
	if _, err := api.DescribeUsers.Call(t.Context(), p.client, request()); err != nil {
		t.Error(err)
	}
	p.clock.Add(11 * time.Minute)
	want := map[string]int64{"AuthFailure.SecretIdNotFound": 3, "AuthFailure.SignatureFailure": 3, "AuthFailure.SignatureExpire": 3,
		"AuthFailure.UnauthorizedOperation": 3, "AuthFailure.InvalidAuthorization": 2000, "UnsupportedProtocol": 300}
	all, count := p.refusals(from)
	for end := time.Now().Add(10 * time.Second); !maps.Equal(count, want) && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		all, count = p.refusals(from)
	}
	if !maps.Equal(count, want) {
		t.Errorf("counted %v, want %v", count, want)
	}
	if len(all) > 45 {
		t.Errorf("2312 refused calls are %d events", len(all))
	}
	for _, e := range all {
		switch {
		case e.Outcome != audit.Denied:
			t.Errorf("told: %+v", e)
		case e.ErrorCode == "AuthFailure.InvalidAuthorization" && e.Actor.IP != "192.0.2.7":
			t.Errorf("the address is missing: %+v", e)
		case e.ErrorCode == "AuthFailure.UnauthorizedOperation" && (e.Actor.Name != p.keys.ApplicationID || e.ObjectID != "DescribeUsers"):
			t.Errorf("whoever is proven is not named: %+v", e)
		}
	}
}

// refusals are the events of refused calls from a number on, and how many calls they tell of by code.
func (p *platform) refusals(from int64) (all []audit.Event, count map[string]int64) {
	p.Helper()
	all, err := p.engine.Evidence().Query(p.Context(), audit.Filter{Action: "api.refused"}, 0, audit.MaxPage)
	if err != nil {
		p.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(e audit.Event) bool { return e.Seq < from })
	folded := map[int64]bool{} // openings that a later event counts
	count = map[string]int64{}
	for _, e := range all { // the newest first
		n := int64(1)
		if number, ok := e.Detail["count"].(json.Number); ok {
			n, _ = number.Int64()
			opening, _ := e.Detail["opening"].(json.Number).Int64()
			folded[opening] = true
		} else if folded[e.Seq] {
			continue
		}
		count[e.ErrorCode] += n
	}
	return all, count
}

// What an engine had counted when it was killed is told by the next one.
func TestCountedRefusalsOutliveAKill(t *testing.T) {
	dir := t.TempDir()
	process, keys := spawn(t, dir)
	forger := newClient(t, engine.Credentials{Endpoint: keys.Endpoint, SecretID: "AKIDunknown", SecretKey: "none", ApplicationID: "none"},
		http.DefaultTransport, time.Now)
	for range 50 {
		if _, err := api.DescribeUsers.Call(t.Context(), forger, &api.DescribeUsersRequest{UserIds: []string{"none"}}); err == nil {
			t.Fatal("a bad call was answered")
		}
	}
	time.Sleep(2 * time.Second) // longer than counts stay in memory alone: there is nothing to wait for from outside
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait() // it was killed
	p := &platform{T: t, engine: reopen(t, dir)}
	if all, count := p.refusals(0); len(all) != 1 || count["AuthFailure.SecretIdNotFound"] != 1 {
		t.Errorf("before it is told: %v of %+v", count, all)
	}
	if err := p.engine.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, count := p.refusals(0)
	if len(all) != 2 || count["AuthFailure.SecretIdNotFound"] != 50 || all[0].Detail["interrupted"] != true || all[0].Actor.IP != "127.0.0.1" {
		t.Errorf("told %v: %+v", count, all)
	}
}
