package api

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// v1Request signs parameters and gives the request with them, as a GET's query or a POST's form.
func v1Request(method string, params url.Values, signatureMethod, host string, now time.Time) *http.Request {
	SignV1(params, method, host, "/", testID, testKey, signatureMethod, "1234", now)
	if method == http.MethodGet {
		return httptest.NewRequest(method, "http://127.0.0.1:8081/?"+params.Encode(), nil)
	}
	req := httptest.NewRequest(method, "http://127.0.0.1:8081/", strings.NewReader(params.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

func v1Params() url.Values {
	return url.Values{ParamAction: {"DescribeFlow"}, ParamVersion: {Version}, "Caller.ApplicationId": {"a"}, "FlowId": {"ä b&c=d"}, "Empty": {""}}
}

// TestV1StringIsAsDocumented checks the form of the example in Tencent Cloud's description of signature v1.
func TestV1StringIsAsDocumented(t *testing.T) {
	params := url.Values{"Action": {"DescribeInstances"}, "InstanceIds.0": {"ins-09dx96dg"}, "Limit": {"20"}, "Nonce": {"11886"}, "Offset": {"0"},
		"Region": {"ap-guangzhou"}, "SecretId": {testID}, "Timestamp": {"1465185768"}, "Version": {"2017-03-12"}, "Signature": {"is left out"}}
	want := "GETcvm.tencentcloudapi.com/?Action=DescribeInstances&InstanceIds.0=ins-09dx96dg&Limit=20&Nonce=11886&Offset=0&Region=ap-guangzhou" +
		"&SecretId=" + testID + "&Timestamp=1465185768&Version=2017-03-12"
	if got := stringV1(http.MethodGet, "cvm.tencentcloudapi.com", "/", params); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestV1Verifies(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for _, signatureMethod := range []string{MethodHmacSHA1, MethodHmacSHA256} {
			for _, host := range []string{"127.0.0.1:8081", "127.0.0.1"} {
				v := NewVerifier(lookupTestKey)
				params := v1Params()
				req := v1Request(method, params, signatureMethod, host, now)
				if id, err := v.V1(req, params, now.Add(MaxClockSkew)); err != nil || id != testID {
					t.Errorf("%s %s %s: %q, %v", method, signatureMethod, host, id, err)
				}
				if _, err := v.V1(req, params, now); err == nil || err.Code != CodeAuthFailureSignatureFailure {
					t.Errorf("%s %s: the same request again: %v", method, signatureMethod, err)
				}
			}
		}
	}
}

func TestV1WithoutAMethodIsSHA1(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	params := v1Params()
	SignV1(params, http.MethodGet, "h", "/", testID, testKey, MethodHmacSHA1, "1", now)
	params.Del(paramSignatureMethod)
	params.Set(paramSignature, base64.StdEncoding.EncodeToString(hmacV1(MethodHmacSHA1, testKey, stringV1(http.MethodGet, "h", "/", params))))
	req := httptest.NewRequest(http.MethodGet, "http://h/", nil)
	if _, err := NewVerifier(lookupTestKey).V1(req, params, now); err != nil {
		t.Error(err)
	}
}

func TestV1Refuses(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	set := func(name, value string) func(url.Values) { return func(p url.Values) { p.Set(name, value) } }
	for name, c := range map[string]struct {
		change func(url.Values)
		at     time.Time
		code   string
	}{
		"no secret id":            {set(paramSecretID, ""), now, CodeAuthFailureInvalidAuthorization},
		"no nonce":                {set(paramNonce, ""), now, CodeAuthFailureInvalidAuthorization},
		"a nonce with letters":    {set(paramNonce, "-1"), now, CodeAuthFailureInvalidAuthorization},
		"no signature":            {set(paramSignature, ""), now, CodeAuthFailureInvalidAuthorization},
		"another method":          {set(paramSignatureMethod, "HmacMD5"), now, CodeAuthFailureInvalidAuthorization},
		"no time":                 {set(paramTimestamp, "today"), now, CodeAuthFailureInvalidAuthorization},
		"no key of an API":        {set(paramSecretID, "12345"), now, CodeAuthFailureInvalidSecretId},
		"unknown key":             {set(paramSecretID, "AKIDunknown"), now, CodeAuthFailureSecretIdNotFound},
		"too old":                 {nil, now.Add(MaxClockSkew + time.Second), CodeAuthFailureSignatureExpire},
		"from the future":         {nil, now.Add(-MaxClockSkew - time.Second), CodeAuthFailureSignatureExpire},
		"no base64":               {set(paramSignature, "%"), now, CodeAuthFailureSignatureFailure},
		"another value":           {set("FlowId", "y"), now, CodeAuthFailureSignatureFailure},
		"a value more":            {set("Extra", "y"), now, CodeAuthFailureSignatureFailure},
		"another method than was": {set(paramSignatureMethod, MethodHmacSHA256), now, CodeAuthFailureSignatureFailure},
		"a name twice":            {func(p url.Values) { p.Add("FlowId", "z") }, now, CodeInvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			params := v1Params()
			req := v1Request(http.MethodPost, params, MethodHmacSHA1, "127.0.0.1:8081", now)
			if c.change != nil {
				c.change(params)
			}
			if _, err := NewVerifier(lookupTestKey).V1(req, params, c.at); err == nil || err.Code != c.code {
				t.Errorf("got %v, want %s", err, c.code)
			}
		})
	}
	params := v1Params()
	params.Set(paramToken, "t")
	req := v1Request(http.MethodGet, params, MethodHmacSHA256, "127.0.0.1:8081", now)
	if _, err := NewVerifier(lookupTestKey).V1(req, params, now); err == nil || err.Code != CodeAuthFailureTokenFailure {
		t.Errorf("a token: %v", err)
	}
}

// TestReplaysAreForgottenAfterTheirTime keeps the memory of signatures bounded, but never shorter than a timestamp is accepted.
func TestReplaysAreForgottenAfterTheirTime(t *testing.T) {
	var r replays
	now := time.Unix(1_700_000_000, 0)
	if !r.first("a", now) || r.first("a", now) || r.first("a", now.Add(2*MaxClockSkew)) {
		t.Error("a signature was accepted twice")
	}
	for i := range 4 {
		r.first("b", now.Add(time.Duration(i+1)*3*MaxClockSkew))
	}
	if !r.first("a", now.Add(16*MaxClockSkew)) {
		t.Error("a signature is remembered forever")
	}
}

func TestExplanations(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	req, body := sdkRequests[0].build(now)
	got := ExplainTC3(req, body)
	if !strings.HasPrefix(got.Canonical, "POST\n/\n\ncontent-type:application/json\nhost:127.0.0.1:8081\n\ncontent-type;host\n") ||
		!strings.HasPrefix(got.StringToSign, "TC3-HMAC-SHA256\n1700000000\n2023-11-14/essbasic/tc3_request\n") {
		t.Errorf("%+v", got)
	}
	req.Header.Del("Authorization")
	if got := ExplainTC3(req, body); got != (Explanation{}) {
		t.Errorf("without a header: %+v", got)
	}
	if got := ExplainV1(req, url.Values{"B": {"2"}, "A": {"1"}}).StringToSign; got != "POST127.0.0.1:8081/?A=1&B=2" {
		t.Error(got)
	}
}

func FuzzV1(f *testing.F) {
	now := time.Unix(1_700_000_000, 0)
	for _, method := range []string{MethodHmacSHA1, MethodHmacSHA256} {
		params := v1Params()
		SignV1(params, http.MethodPost, "127.0.0.1:8081", "/", testID, testKey, method, "1", now)
		f.Add("127.0.0.1:8081", "/", params.Encode())
	}
	f.Add("h", "/api", "SecretId=AKIDx&Signature=a%3D%3D&Nonce=1&Timestamp=99999999999999999999")
	f.Fuzz(func(t *testing.T, host, path, query string) {
		params, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		req := &http.Request{Method: http.MethodPost, URL: &url.URL{Path: path}, Host: host, Header: http.Header{}}
		if id, refused := NewVerifier(lookupTestKey).V1(req, params, now); refused == nil && id != testID {
			t.Fatalf("accepted %q", id)
		}
		// Whoever does not hold the key gets nothing accepted.
		if _, refused := NewVerifier(func(string) (string, bool) { return "another key", true }).V1(req, params, now); refused == nil {
			t.Fatal("accepted under another key")
		}
		ExplainV1(req, params)
		if !UsesV1(params) && params.Has("SecretId") {
			t.Fatal("a key id is not seen")
		}
		WithoutCommon(params)
	})
}

func BenchmarkTC3(b *testing.B) {
	now := time.Unix(1_700_000_000, 0)
	req, _ := sdkRequests[0].build(now)
	body := []byte(strings.Repeat("x", 100))
	req.Header.Set("Content-Type", "application/json")
	SignTC3(req, body, testID, testKey, now)
	v := NewVerifier(lookupTestKey)
	for b.Loop() {
		if _, err := v.TC3(req, body, now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkV1(b *testing.B) {
	now := time.Unix(1_700_000_000, 0)
	params := v1Params()
	req := v1Request(http.MethodPost, params, MethodHmacSHA256, "127.0.0.1:8081", now)
	v := NewVerifier(lookupTestKey)
	for b.Loop() {
		v.seen = replays{}
		if _, err := v.V1(req, params, now); err != nil {
			b.Fatal(err)
		}
	}
}
