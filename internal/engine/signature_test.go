package engine_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

// old sends requests with signature v1 to an engine on a real port.
type old struct {
	*platform
	server *httptest.Server
	nonce  int
}

func (o *old) params(action string, more ...string) url.Values {
	p := url.Values{api.ParamAction: {action}, api.ParamVersion: {"2020-12-22"}, "Caller.ApplicationId": {o.keys.ApplicationID}}
	for i := 0; i < len(more); i += 2 {
		p.Set(more[i], more[i+1])
	}
	return p
}

// sign signs parameters with a new nonce.
func (o *old) sign(method, signatureMethod, key string, p url.Values) {
	o.nonce++
	host := strings.TrimPrefix(o.server.URL, "http://")
	api.SignV1(p, method, host, "/", o.keys.SecretID, key, signatureMethod, strconv.Itoa(o.nonce), o.clock.Now())
}

func (o *old) send(method string, p url.Values, headers ...string) envelope {
	o.Helper()
	target, body := o.server.URL+"/", p.Encode()
	if method == http.MethodGet {
		target, body = target+"?"+body, ""
	}
	req, err := http.NewRequestWithContext(o.Context(), method, target, strings.NewReader(body))
	if err != nil {
		o.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		o.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		o.Fatal(err)
	}
	var env envelope
	if err := json.Unmarshal(data, &env); err != nil {
		o.Fatalf("%s: %v", data, err)
	}
	return env
}

func startOld(t *testing.T) *old {
	p := start(t)
	server := httptest.NewServer(p.engine.API())
	t.Cleanup(server.Close)
	return &old{platform: p, server: server}
}

func TestSignatureV1(t *testing.T) {
	o := startOld(t)
	for i, c := range []struct{ method, signature string }{{"GET", "HmacSHA1"}, {"GET", "HmacSHA256"}, {"POST", "HmacSHA1"}, {"POST", "HmacSHA256"}} {
		id := "v1 & " + strconv.Itoa(i)
		p := o.params("CreateUser", "OpenId", id, "UseOpenId", "true", "Name", "钱 进", "IdCardType", "ID_CARD", "IdCardNumber", "110101199003074418", "Email", "")
		o.sign(c.method, c.signature, o.keys.SecretKey, p)
		if env := o.send(c.method, p); env.Response.Error != nil || env.Response.UserId != id {
			t.Errorf("%s %s: %+v", c.method, c.signature, env.Response)
		}
		if env := o.send(c.method, p); env.Response.Error == nil || env.Response.Error.Code != "AuthFailure.SignatureFailure" {
			t.Errorf("%s %s again: %+v", c.method, c.signature, env.Response)
		}
	}
}

func TestSignatureV1Refusals(t *testing.T) {
	o := startOld(t)
	now := o.clock.Now()
	signed := func(method, key string, p url.Values) url.Values { o.sign(method, "HmacSHA1", key, p); return p }
	for name, c := range map[string]struct {
		method string
		params url.Values
		code   string
	}{
		"wrong key":        {"POST", signed("POST", "wrong", o.params("DescribeFlow", "FlowId", "x")), "AuthFailure.SignatureFailure"},
		"signed for a GET": {"POST", signed("GET", o.keys.SecretKey, o.params("DescribeFlow", "FlowId", "x")), "AuthFailure.SignatureFailure"},
		"unknown action":   {"GET", signed("GET", o.keys.SecretKey, o.params("DescribeFlows")), "InvalidAction"},
		"unknown version":  {"GET", signed("GET", o.keys.SecretKey, o.params("DescribeFlow", "Version", "2021-05-26")), "NoSuchVersion"},
		"unknown flow":     {"GET", signed("GET", o.keys.SecretKey, o.params("DescribeFlow", "FlowId", "x", "Unknown", "1")), "ResourceNotFound"},
		"a parameter less": {"POST", signed("POST", o.keys.SecretKey, o.params("DescribeFlow")), "MissingParameter"},
		"no number":        {"POST", signed("POST", o.keys.SecretKey, o.params("SendFlow", "Deadline", "soon")), "InvalidParameterValue"},
		"no finite number": {"POST", signed("POST", o.keys.SecretKey, o.params("SendFlow", "SignComponents.0.ComponentPosX", "NaN")), "InvalidParameterValue"},
		"token":            {"POST", signed("POST", o.keys.SecretKey, o.params("DescribeFlow", "FlowId", "x", "Token", "t")), "AuthFailure.TokenFailure"},
		"too large a form": {"POST", url.Values{"SecretId": {strings.Repeat("x", 1<<20)}}, "RequestSizeLimitExceeded"},
		"too long a GET":   {"GET", url.Values{"SecretId": {strings.Repeat("x", 32<<10)}}, "RequestSizeLimitExceeded"},
		"nothing signed":   {"GET", url.Values{"Action": {"DescribeFlow"}}, "AuthFailure.InvalidAuthorization"},
	} {
		t.Run(name, func(t *testing.T) {
			if env := o.send(c.method, c.params); env.Response.Error == nil || env.Response.Error.Code != c.code {
				t.Errorf("got %+v, want %s", env.Response.Error, c.code)
			}
		})
	}
	o.clock.Add(10 * time.Minute)
	defer o.clock.Add(now.Sub(o.clock.Now()))
	late := o.params("DescribeFlow", "FlowId", "x")
	host := strings.TrimPrefix(o.server.URL, "http://")
	api.SignV1(late, "GET", host, "/", o.keys.SecretID, o.keys.SecretKey, "HmacSHA1", "7", now)
	if env := o.send("GET", late); env.Response.Error == nil || env.Response.Error.Code != "AuthFailure.SignatureExpire" {
		t.Errorf("late: %+v", env.Response.Error)
	}
}

func TestMessagesInTheLanguageAskedFor(t *testing.T) {
	o := startOld(t)
	for language, want := range map[string]string{"zh-CN": "资源不存在（FlowId \"x\" does not exist）", "en-US": "FlowId \"x\" does not exist", "": "FlowId \"x\" does not exist"} {
		p := o.params("DescribeFlow", "FlowId", "x")
		if language != "" {
			p.Set("Language", language)
		}
		o.sign("GET", "HmacSHA256", o.keys.SecretKey, p)
		if env := o.send("GET", p); env.Response.Error == nil || env.Response.Error.Message != want {
			t.Errorf("%q: %+v", language, env.Response.Error)
		}
	}
}

// TestRequestsAreKeptForTheConsole looks for what an integrator needs, and for what must not be there.
func TestRequestsAreKeptForTheConsole(t *testing.T) {
	o := startOld(t)
	mobile, number := "13800000001", "110101199003074418"
	p := o.params("CreateUser", "Name", "钱进", "Mobile", mobile, "IdCardNumber", number, "Token", "secret-token")
	o.sign("POST", "HmacSHA256", "wrong", p)
	env := o.send("POST", p)
	r, ok := o.engine.FindRequest(env.Response.RequestId)
	host := strings.TrimPrefix(o.server.URL, "http://")
	if !ok || r.Code != "AuthFailure.SignatureFailure" || r.Scheme != "HmacSHA256" || r.Action != "CreateUser" ||
		!strings.HasPrefix(r.StringToSign, "POST"+host+"/?Action=CreateUser&Caller.ApplicationId="+o.keys.ApplicationID+"&IdCardNumber=1****************8&Mobile=138****0001&") {
		t.Errorf("%+v", r)
	}
	body := `{"Caller":{"ApplicationId":"` + o.keys.ApplicationID + `"},"Name":"钱进","Mobile":"` + mobile + `","IdCardNumber":"` + number + `","Nested":{"Mobile":["` + mobile + `"]}}`
	_, env = o.platform.send(o.server.URL, raw{action: "CreateUser", key: "wrong", body: body, change: func(r *http.Request) { r.Header.Set("X-TC-Token", "secret-token") }})
	signed, ok := o.engine.FindRequest(env.Response.RequestId)
	if !ok || !strings.HasPrefix(signed.Canonical, "POST\n/\n\ncontent-type:application/json\nhost:"+host+"\n") || !strings.Contains(signed.StringToSign, "/essbasic/tc3_request\n") {
		t.Errorf("%+v", signed)
	}
	_, env = o.platform.send(o.server.URL, raw{action: "DescribeUsers", method: "GET", key: "wrong", query: url.Values{"UserIds.0": {"u"}, "Mobile": {mobile}}})
	get, ok := o.engine.FindRequest(env.Response.RequestId)
	if !ok || get.Parameter != "Mobile = 138****0001\nUserIds.0 = u" || !strings.Contains(get.Canonical, "\nMobile=138****0001&UserIds.0=u\n") {
		t.Errorf("%+v", get)
	}
	for _, r := range []engine.Request{r, signed, get} {
		text := r.Parameter + r.Canonical + r.StringToSign
		for _, secret := range []string{mobile, number, "钱进", url.QueryEscape("钱进"), "secret-token"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %q: %s", r.Action, secret, text)
			}
		}
	}
	_, env = o.platform.send(o.server.URL, raw{action: "DescribeFlow", body: `{"FlowId":"` + strings.Repeat("x", 9<<10) + `"}`})
	if r, _ := o.engine.FindRequest(env.Response.RequestId); !strings.HasSuffix(r.Parameter, " bytes)") || r.Canonical != "" {
		t.Errorf("a long body: %+v", r)
	}
	for range 510 {
		o.send("GET", url.Values{})
	}
	all := o.engine.Requests()
	if _, found := o.engine.FindRequest(r.ID); found || len(all) != 500 || all[0].Time.Before(all[499].Time) {
		t.Errorf("%d requests are kept", len(all))
	}
}

// TestAdvancedClock lets deadlines pass while programs go on signing with the time of the world.
func TestAdvancedClock(t *testing.T) {
	dir := t.TempDir()
	p := start(t, func(o *engine.Options) { o.Memory, o.DataDir = false, dir })
	q := p.party(0)
	flow := p.flow(q)
	sign := p.task(flow, q, q, 200)
	if err := p.engine.AdvanceClock(t.Context(), 8*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	approvers := do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: flow, SignId: sign})
	if got := approvers.Approvers[0].ApproveStatus; got != int64(engine.ApproverExpired) {
		t.Errorf("the approver is in state %d", got)
	}
	for _, by := range []time.Duration{0, -time.Hour, 50 * 365 * 24 * time.Hour} {
		if err := p.engine.AdvanceClock(t.Context(), by); err == nil {
			t.Errorf("the clock went %v", by)
		}
	}
	// A restart does not turn time back; only a person does.
	if err := p.engine.Close(); err != nil {
		t.Fatal(err)
	}
	again := start(t, func(o *engine.Options) { o.Memory, o.DataDir = false, dir })
	if got := again.engine.ClockOffset(); got != 8*24*time.Hour {
		t.Errorf("after a restart the clock is %v ahead", got)
	}
	if err := again.engine.ResetClock(t.Context()); err != nil || again.engine.ClockOffset() != 0 {
		t.Errorf("reset: %v, %v", again.engine.ClockOffset(), err)
	}
}
