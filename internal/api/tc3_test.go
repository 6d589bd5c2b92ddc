package api

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	testID  = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
	testKey = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
)

func lookupTestKey(id string) (string, bool) { return testKey, id == testID }

// TestPublishedVector checks the example in Tencent Cloud's description of signature v3.
func TestPublishedVector(t *testing.T) {
	body := []byte(`{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`)
	req := httptest.NewRequest(http.MethodPost, "https://cvm.tencentcloudapi.com/", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("X-TC-Action", "DescribeInstances")
	req.Header.Set("X-TC-Timestamp", "1551113065")
	req.Header.Set("Authorization", "TC3-HMAC-SHA256 Credential="+testID+"/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, "+
		"Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168")
	id, err := VerifyTC3(req, body, lookupTestKey, time.Unix(1551113065, 0))
	if err != nil || id != testID {
		t.Fatalf("VerifyTC3 = %q, %v", id, err)
	}
	body[0] = '['
	if _, err := VerifyTC3(req, body, lookupTestKey, time.Unix(1551113065, 0)); err == nil || err.Code != CodeAuthFailureSignatureFailure {
		t.Errorf("a changed body gives %v", err)
	}
}

// sdkRequest is a request as one of the SDKs signs and sends it to a server on 127.0.0.1.
type sdkRequest struct {
	name                        string
	method, target, contentType string
	body                        string
	signURI, signHost           string
	service                     string
	signed                      []string
	headers                     map[string]string
	hashed                      string // what is hashed in place of the body
}

var sdkRequests = []sdkRequest{
	{name: "Go with the port", body: `{"A":1}`},
	{name: "Go posts to a path and signs the root", target: "/api", signURI: "/", body: `{"A":1}`},
	{name: "Node signs the path, the host without its port, and 127 as service", target: "/api", signURI: "/api", signHost: "127.0.0.1",
		service: "127", body: `{"A":1}`},
	{name: "Java with a charset", contentType: "application/json; charset=utf-8", body: `{"A":1}`},
	{name: "capitals in the content type", contentType: "application/json; charset=UTF-8", body: `{"A":1}`},
	{name: "the body not signed", body: `{"A":1}`, hashed: unsignedPayload, headers: map[string]string{headerContentHash: unsignedPayload}},
	{name: "the action signed too", body: `{"A":1}`, signed: []string{"content-type", "host", "x-tc-action"},
		headers: map[string]string{headerAction: "DescribeFlow"}},
	{name: "GET from Go", method: http.MethodGet, target: "/?Caller.ApplicationId=a&FlowName=a+b", contentType: "application/x-www-form-urlencoded"},
	{name: "GET from Node", method: http.MethodGet, target: "/?FlowName=a%20b&Caller.ApplicationId=a", contentType: "application/x-www-form-urlencoded"},
}

func (s sdkRequest) build(now time.Time) (*http.Request, []byte) {
	or := func(value, other string) string {
		if value == "" {
			return other
		}
		return value
	}
	req := httptest.NewRequest(or(s.method, http.MethodPost), "http://127.0.0.1:8081"+or(s.target, "/"), nil)
	req.Header.Set("Content-Type", or(s.contentType, "application/json"))
	for name, value := range s.headers {
		req.Header.Set(name, value)
	}
	signed := s.signed
	if signed == nil {
		signed = []string{"content-type", "host"}
	}
	hash := payloadHash(http.Header{}, []byte(or(s.hashed, s.body)))
	auth := authorization{secretID: testID, date: now.UTC().Format(time.DateOnly), service: or(s.service, Service), signedHeaders: signed}
	var values []string
	for _, name := range signed {
		switch name {
		case "host":
			values = append(values, or(s.signHost, "127.0.0.1:8081"))
		case "x-tc-action":
			values = append(values, strings.ToLower(req.Header.Get(name)))
		default:
			values = append(values, req.Header.Get(name))
		}
	}
	c := canonical{method: req.Method, uri: or(s.signURI, "/"), query: req.URL.RawQuery, signedHeaders: signed, values: values, payloadHash: hash}
	timestamp := itoa(now.Unix())
	auth.signature = hexOf(auth.sign(testKey, timestamp, c.bytes()))
	req.Header.Set(headerTimestamp, timestamp)
	req.Header.Set("Authorization", auth.String())
	return req, []byte(s.body)
}

func TestVerifyToleratesWhatTheSDKsSend(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for _, s := range sdkRequests {
		t.Run(s.name, func(t *testing.T) {
			req, body := s.build(now)
			if id, err := VerifyTC3(req, body, lookupTestKey, now.Add(MaxClockSkew)); err != nil || id != testID {
				t.Fatalf("VerifyTC3 = %q, %v", id, err)
			}
			req.Method = http.MethodPut
			if _, err := VerifyTC3(req, body, lookupTestKey, now); err == nil || err.Code != CodeAuthFailureSignatureFailure {
				t.Errorf("another method gives %v", err)
			}
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	good := func() *http.Request { req, _ := sdkRequests[0].build(now); return req }
	replace := func(old, with string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, with, 1))
		}
	}
	tests := []struct {
		name   string
		change func(*http.Request)
		at     time.Time
		code   string
	}{
		{"no header", func(r *http.Request) { r.Header.Del("Authorization") }, now, CodeAuthFailureInvalidAuthorization},
		{"another algorithm", replace("TC3", "TC4"), now, CodeAuthFailureInvalidAuthorization},
		{"no terminator", replace("tc3_request", "request"), now, CodeAuthFailureInvalidAuthorization},
		{"host not signed", replace("content-type;host", "content-type"), now, CodeAuthFailureInvalidAuthorization},
		{"a part twice", replace("SignedHeaders", "Signature=00, SignedHeaders"), now, CodeAuthFailureInvalidAuthorization},
		{"no timestamp", func(r *http.Request) { r.Header.Del(headerTimestamp) }, now, CodeAuthFailureInvalidAuthorization},
		{"a part that is not known", replace("SignedHeaders", "Date=0, SignedHeaders"), now, CodeAuthFailureInvalidAuthorization},
		{"unknown key", replace("Credential=AKID", "Credential=AKIDx"), now, CodeAuthFailureSecretIdNotFound},
		{"no key of an API", replace("Credential=AKID", "Credential=BKID"), now, CodeAuthFailureInvalidSecretId},
		{"a token", func(r *http.Request) { r.Header.Set(headerToken, "t") }, now, CodeAuthFailureTokenFailure},
		{"too old", nil, now.Add(MaxClockSkew + time.Second), CodeAuthFailureSignatureExpire},
		{"from the future", nil, now.Add(-MaxClockSkew - time.Second), CodeAuthFailureSignatureExpire},
		{"another day", replace("2023-11-14", "2023-11-13"), now, CodeAuthFailureSignatureFailure},
		{"another timestamp", func(r *http.Request) { r.Header.Set(headerTimestamp, itoa(now.Unix()+1)) }, now, CodeAuthFailureSignatureFailure},
		{"another host", func(r *http.Request) { r.Host = "example.com" }, now, CodeAuthFailureSignatureFailure},
		{"no hexadecimal", replace("Signature=", "Signature=zz"), now, CodeAuthFailureSignatureFailure},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := good()
			if tt.change != nil {
				tt.change(req)
			}
			if _, err := VerifyTC3(req, []byte(sdkRequests[0].body), lookupTestKey, tt.at); err == nil || err.Code != tt.code {
				t.Errorf("got %v, want %s", err, tt.code)
			}
		})
	}
}

func TestSignedRequestVerifies(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	req := httptest.NewRequest(http.MethodPost, "https://essbasic.tencentcloudapi.com", nil)
	req.Header.Set("Content-Type", "application/json")
	SignTC3(req, []byte("{}"), testID, testKey, now)
	if _, err := VerifyTC3(req, []byte("{}"), lookupTestKey, now); err != nil {
		t.Fatal(err)
	}
}

func FuzzParseAuthorization(f *testing.F) {
	f.Add("TC3-HMAC-SHA256 Credential=id/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, Signature=00")
	f.Add("TC3-HMAC-SHA256 Credential=a/b/c/d,SignedHeaders=,Signature")
	f.Add("")
	f.Fuzz(func(t *testing.T, header string) {
		a, err := parseAuthorization(header)
		if err != nil {
			if err.Code != CodeAuthFailureInvalidAuthorization {
				t.Fatalf("%q gives %v", header, err)
			}
			return
		}
		if again, err := parseAuthorization(a.String()); err != nil || again.String() != a.String() {
			t.Fatalf("%q is written as %q, which reads as %q, %v", header, a, again, err)
		}
	})
}

func FuzzVerify(f *testing.F) {
	now := time.Unix(1_700_000_000, 0)
	for _, s := range sdkRequests {
		req, body := s.build(now)
		f.Add(req.Method, req.URL.RequestURI(), req.Host, req.Header.Get("Authorization"), req.Header.Get("Content-Type"), body)
	}
	f.Fuzz(func(t *testing.T, method, target, host, auth, contentType string, body []byte) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		req := &http.Request{Method: method, URL: u, Host: host, Header: http.Header{}}
		req.Header.Set("Authorization", auth)
		req.Header.Set("Content-Type", contentType)
		req.Header.Set(headerTimestamp, itoa(now.Unix()))
		id, refused := VerifyTC3(req, body, lookupTestKey, now)
		if refused == nil && id != testID {
			t.Fatalf("accepted %q", id)
		}
		// Whoever does not hold the key gets nothing accepted.
		if _, refused := VerifyTC3(req, body, func(string) (string, bool) { return "another key", true }, now); refused == nil {
			t.Fatal("accepted under another key")
		}
	})
}
