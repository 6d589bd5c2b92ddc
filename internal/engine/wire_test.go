package engine_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

// raw sends a signed request as an integrator without a client would.
type raw struct {
	action, version, method string
	body                    string
	query                   url.Values
	key                     string
	skew                    time.Duration
	change                  func(*http.Request)
}

type envelope struct {
	Response struct {
		Error     *struct{ Code, Message string }
		RequestId string
		Users     []api.UserDescribe
		UserId    string
	}
}

func (p *platform) send(base string, r raw) (*http.Response, envelope) {
	p.Helper()
	if r.version == "" {
		r.version = "2020-12-22"
	}
	if r.method == "" {
		r.method = http.MethodPost
	}
	if r.key == "" {
		r.key = p.keys.SecretKey
	}
	target := base + "/"
	if r.query != nil {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(p.Context(), r.method, target, strings.NewReader(r.body))
	if err != nil {
		p.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if r.method == http.MethodGet {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("X-TC-Action", r.action)
	req.Header.Set("X-TC-Version", r.version)
	api.SignTC3(req, []byte(r.body), p.keys.SecretID, r.key, p.clock.Now().Add(r.skew))
	if r.change != nil {
		r.change(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.Fatal(err)
	}
	var env envelope
	if err := json.Unmarshal(body, &env); err != nil {
		p.Fatalf("%s: %v", body, err)
	}
	return resp, env
}

func (p *platform) serve() string {
	srv := httptest.NewServer(p.engine.API())
	p.Cleanup(srv.Close)
	return srv.URL
}

func TestEnvelopeAndAuthentication(t *testing.T) {
	p := start(t)
	base := p.serve()
	caller := `{"Caller":{"ApplicationId":"` + p.keys.ApplicationID + `"},`
	for name, c := range map[string]struct {
		raw  raw
		code string
	}{
		"no such version":       {raw{action: "DescribeFlow", version: "2021-05-26", body: caller + `"FlowId":"x"}`}, "NoSuchVersion"},
		"no such action":        {raw{action: "DescribeFlows", body: caller + `"FlowId":"x"}`}, "InvalidAction"},
		"wrong key":             {raw{action: "DescribeFlow", key: "wrong", body: caller + `"FlowId":"x"}`}, "AuthFailure.SignatureFailure"},
		"signature of before":   {raw{action: "DescribeFlow", skew: -10 * time.Minute, body: caller + `"FlowId":"x"}`}, "AuthFailure.SignatureExpire"},
		"key before version":    {raw{action: "DescribeFlow", key: "wrong", version: "1"}, "AuthFailure.SignatureFailure"},
		"version before action": {raw{action: "Nothing", version: "1"}, "NoSuchVersion"},
		"no authorization":      {raw{action: "DescribeFlow", change: func(r *http.Request) { r.Header.Del("Authorization") }}, "AuthFailure.InvalidAuthorization"},
		"unknown secret id": {raw{action: "DescribeFlow", change: func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), p.keys.SecretID, "AKIDunknown", 1))
		}}, "AuthFailure.SecretIdNotFound"},
		"another application": {raw{action: "DescribeFlow", body: `{"Caller":{"ApplicationId":"other"},"FlowId":"x"}`}, "AuthFailure.UnauthorizedOperation"},
		"no application":      {raw{action: "DescribeFlow", body: `{"FlowId":"x"}`}, "MissingParameter"},
		"empty parameter":     {raw{action: "DescribeFlow", body: caller + `"FlowId":""}`}, "MissingParameter"},
		"wrong type":          {raw{action: "DescribeFlow", body: caller + `"FlowId":7}`}, "InvalidParameterValue"},
		"not JSON":            {raw{action: "DescribeFlow", body: `{`}, "InvalidRequest"},
		"unknown id":          {raw{action: "DescribeFlow", body: caller + `"FlowId":"x","Unknown":1}`}, "ResourceNotFound"},
		"posted to /api":      {raw{action: "DescribeFlow", body: caller + `"FlowId":"x"}`, change: func(r *http.Request) { r.URL.Path = "/api" }}, "ResourceNotFound"},
		"too large":           {raw{action: "DescribeFlow", body: strings.Repeat(" ", 10<<20+1)}, "RequestSizeLimitExceeded"},
		"too long a GET":      {raw{action: "DescribeFlow", method: http.MethodGet, query: url.Values{"FlowId": {strings.Repeat("x", 33<<10)}}}, "RequestSizeLimitExceeded"},
		"an array as scalar":  {raw{action: "DescribeUsers", method: http.MethodGet, query: url.Values{"UserIds": {"x"}}}, "InvalidParameterValue"},
		"a huge index":        {raw{action: "DescribeUsers", method: http.MethodGet, query: url.Values{"UserIds.99999999": {"x"}}}, "InvalidParameterValue"},
		"PUT":                 {raw{action: "DescribeFlow", method: http.MethodPut}, "UnsupportedProtocol"},
	} {
		t.Run(name, func(t *testing.T) {
			resp, env := p.send(base, c.raw)
			if env.Response.Error == nil || env.Response.Error.Code != c.code {
				t.Errorf("got %+v, want %s", env.Response.Error, c.code)
			}
			if resp.StatusCode != http.StatusOK {
				t.Errorf("status = %d", resp.StatusCode)
			}
			if got := resp.Header.Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type = %q", got)
			}
			if !regexp.MustCompile(`^s\d{19}$`).MatchString(env.Response.RequestId) {
				t.Errorf("RequestId = %q", env.Response.RequestId)
			}
		})
	}
}

func TestFlattenedGET(t *testing.T) {
	p := start(t)
	base := p.serve()
	_, env := p.send(base, raw{action: "CreateUser", method: http.MethodGet, query: url.Values{"Caller.ApplicationId": {p.keys.ApplicationID}, "OpenId": {"a b"},
		"UseOpenId": {"True"}, "Name": {"钱 进"}, "IdCardType": {"ID_CARD"}, "IdCardNumber": {"110101199003074418"}, "Email": {""}}})
	if env.Response.Error != nil || env.Response.UserId != "a b" {
		t.Fatalf("%+v", env.Response)
	}
	_, env = p.send(base, raw{action: "DescribeUsers", method: http.MethodGet, query: url.Values{"Caller.ApplicationId": {p.keys.ApplicationID}, "UserIds.0": {"a b"}}})
	if len(env.Response.Users) != 1 || env.Response.Users[0].Name != "钱 进" {
		t.Errorf("%+v", env.Response)
	}
}

// TestTransportSendsTheBytesOfTheWire compares an answer inside the process with one over HTTP.
func TestTransportSendsTheBytesOfTheWire(t *testing.T) {
	p := start(t)
	server := newClient(t, engine.Credentials{Endpoint: p.serve(), ApplicationID: p.keys.ApplicationID, SecretID: p.keys.SecretID, SecretKey: p.keys.SecretKey},
		http.DefaultTransport, p.clock.Now)
	q := p.party(0)
	req := api.DescribeUsersRequest{UserIds: []string{q.user}}
	there, err := api.DescribeUsers.Call(t.Context(), server, &req)
	if err != nil {
		t.Fatal(err)
	}
	here := do(p, api.DescribeUsers, &api.DescribeUsersRequest{UserIds: []string{q.user}})
	here.RequestId, there.RequestId = "", ""
	a, b := mustJSON(t, here), mustJSON(t, there)
	if !bytes.Equal(a, b) {
		t.Errorf("%s\n%s", a, b)
	}
}

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEveryActionIsKnown(t *testing.T) {
	p := start(t)
	if got, want := p.engine.Served(), slices.Sorted(slices.Values(slices.Concat(api.Names(), api.Extensions()))); !slices.Equal(got, want) {
		t.Errorf("the engine knows %d actions, the platform has %d: %v", len(got), len(want), got)
	}
	base := p.serve()
	for _, name := range slices.Concat(api.Names(), api.Extensions()) {
		_, env := p.send(base, raw{action: name, body: `{}`})
		if env.Response.Error == nil || !api.Declares(name, env.Response.Error.Code) {
			t.Errorf("%s answers %+v, which it does not declare", name, env.Response.Error)
		}
	}
}

// TestOnlyDeclaredCodesLeave tries every code on every action.
func TestOnlyDeclaredCodesLeave(t *testing.T) {
	common := api.CommonErrors()
	for code, reason := range engine.Undeclared() {
		if !slices.Contains(common, code) && code != api.CodeInternalErrorRowChanged {
			t.Errorf("%s is no code of the gateway", code)
		}
		if reason == "" {
			t.Errorf("%s leaves every action without a reason", code)
		}
	}
	var codes []string
	for _, name := range slices.Concat(api.Names(), api.Extensions()) {
		codes = append(codes, api.Errors(name)...)
	}
	slices.Sort(codes)
	for _, name := range slices.Concat(api.Names(), api.Extensions()) {
		for _, code := range slices.Compact(codes) {
			got := engine.DeclaredCode(name, code)
			if _, common := engine.Undeclared()[got]; !common && !api.Declares(name, got) {
				t.Errorf("%s would answer %s for %s", name, got, code)
			}
		}
	}
	for _, c := range []struct{ action, code, want string }{
		{"SendFlow", api.CodeResourceNotFound, value},
		{"DescribeFlowFiles", api.CodeResourceNotFound, value},
		{"SignFlow", value, api.CodeInvalidParameter},
		{"UploadFiles", api.CodeMissingParameter, api.CodeInvalidParameter},
		{"DescribeFlow", api.CodeInternalError, api.CodeInternalErrorDb},
		{"VerifyUser", api.CodeOperationDeniedNoApiAuth, api.CodeAuthFailureUnauthorizedOperation},
		{"CreateSubOrganizationAndSeal", api.CodeFailedOperationOpenIdAlreadyExists, api.CodeFailedOperation},
	} {
		if got := engine.DeclaredCode(c.action, c.code); got != c.want {
			t.Errorf("%s, %s: %s, want %s", c.action, c.code, got, c.want)
		}
	}
}
