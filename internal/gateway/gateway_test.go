package gateway_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/gateway"
	"sealdesk/internal/outward"
)

const (
	keyID  = "AKIDexample0000000000000000000000000"
	key    = "secret-of-the-sms-account"
	mobile = "13800000001"
)

// cloud stands in for the SMS API: it recomputes the signature of every call with the verifier that the engine checks its own callers with.
type cloud struct {
	t      *testing.T
	server *httptest.Server
	answer string // of the next calls
	calls  []map[string]any
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{t: t, answer: `{"Response":{"SendStatusSet":[{"Code":"Ok","Message":"send success"}],"RequestId":"r"}}`}
	verifier := api.NewVerifier(func(id string) (string, bool) { return key, id == keyID })
	c.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if id, refused := verifier.TC3(r, body, time.Now()); refused != nil || id != keyID || !strings.Contains(r.Header.Get("Authorization"), "/sms/tc3_request") {
			t.Errorf("signed wrongly: %v, %s", refused, r.Header.Get("Authorization"))
		}
		if r.Header.Get("X-TC-Action") != "SendSms" || r.Header.Get("X-TC-Version") != "2021-01-11" || r.Header.Get("X-TC-Region") != "ap-guangzhou" {
			t.Errorf("called as %v", r.Header)
		}
		var call map[string]any
		if err := json.Unmarshal(body, &call); err != nil {
			t.Error(err)
		}
		c.calls = append(c.calls, call)
		io.WriteString(w, c.answer) //nolint:errcheck // the client's fault is the test's
	}))
	t.Cleanup(c.server.Close)
	return c
}

func (c *cloud) gateways() *gateway.Gateways {
	return gateway.New(gateway.Options{Private: true, SMS: gateway.SMS{Endpoint: c.server.URL, SecretID: keyID, SecretKey: key, AppID: "1400", SignName: "印台",
		Templates: map[string]string{gateway.KindCode: "100"}}})
}

func failure(err error) gateway.Error {
	var e *gateway.Error
	if errors.As(err, &e) {
		return *e
	}
	return gateway.Error{}
}

func TestSMSGoesOutSigned(t *testing.T) {
	c := newCloud(t)
	g := c.gateways()
	code := gateway.Message{ID: "m1", Kind: gateway.KindCode, To: mobile, Contract: "采购合同", Code: "123456"}
	if err := g.Send(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(c.calls[0])
	want := `{"PhoneNumberSet":["+8613800000001"],"SessionContext":"m1","SignName":"印台","SmsSdkAppId":"1400","TemplateId":"100","TemplateParamSet":["123456","10"]}`
	if err != nil || string(got) != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	// A template and a signature of the request take the place of the configured ones.
	invitation := gateway.Message{ID: "m2", Kind: gateway.KindInvitation, To: mobile, Contract: "采购合同", Link: "https://x/s/1"}
	if g.Way(invitation) != "" {
		t.Error("an invitation goes by SMS without a template")
	}
	invitation.TemplateID, invitation.SignName = "200", "示例科技"
	if err := g.Send(t.Context(), invitation); err != nil || c.calls[1]["TemplateId"] != "200" || c.calls[1]["SignName"] != "示例科技" {
		t.Errorf("sent %v, %v", c.calls[1], err)
	}

	for answer, want := range map[string]gateway.Error{
		`{"Response":{"Error":{"Code":"AuthFailure.SignatureFailure","Message":""}}}`:               {Code: "AuthFailure.SignatureFailure"},
		`{"Response":{"SendStatusSet":[{"Code":"FailedOperation.TemplateIncorrectOrUnapproved"}]}}`: {Code: "FailedOperation.TemplateIncorrectOrUnapproved"},
		`{"Response":{"SendStatusSet":[{"Code":"LimitExceeded.PhoneNumberThirtySecondLimit"}]}}`:    {Code: "LimitExceeded.PhoneNumberThirtySecondLimit", Again: true},
		`{"Response":{"Error":{"Code":"InternalError.Timeout","Message":""}}}`:                      {Code: "InternalError.Timeout", Again: true},
		`{"Response":{"SendStatusSet":[]}}`:                                                         {Code: gateway.CodeNoAnswer}, `gone`: {Code: gateway.CodeNoAnswer},
	} {
		c.answer = answer
		if got := failure(g.Send(t.Context(), invitation)); got != want {
			t.Errorf("%s is %+v", answer, got)
		}
	}
	// What may have arrived is not sent again, unless it is a code.
	if got := failure(g.Send(t.Context(), code)); c.answer == "gone" && !got.Again {
		t.Errorf("a code without an answer is %+v", got)
	}
	c.server.Close()
	if got := failure(g.Send(t.Context(), invitation)); got != (gateway.Error{Code: gateway.CodeUnreachable, Again: true}) {
		t.Errorf("without a server it is %+v", got)
	}
}

func TestAPostIsSigned(t *testing.T) {
	var got gateway.Post
	status := http.StatusInternalServerError
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get(gateway.HeaderSignature) != outward.Signature("s3cret", r.Header.Get(gateway.HeaderTimestamp), body) || r.Header.Get(gateway.HeaderDelivery) != "m1" {
			t.Errorf("%v, %v", r.Header, err)
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Error(err)
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	m := gateway.Message{ID: "m1", Kind: gateway.KindCode, To: mobile, Contract: "采购合同", Code: "123456"}
	g := gateway.New(gateway.Options{URL: server.URL, Secret: "s3cret", Private: true})
	if got := failure(g.Send(t.Context(), m)); got != (gateway.Error{Code: "status.500", Again: true}) {
		t.Errorf("an error of the address is %+v", got)
	}
	for code, again := range map[int]bool{400: false, 401: false, 404: false, 410: false, 302: false, 408: true, 425: true, 429: true, 503: true} {
		status = code
		if got := failure(g.Send(t.Context(), m)); got != (gateway.Error{Code: fmt.Sprintf("status.%d", code), Again: again}) {
			t.Errorf("an answer %d is %+v", code, got)
		}
	}
	status = http.StatusNoContent
	if err := g.Send(t.Context(), m); err != nil || got.To != mobile || !strings.Contains(got.Text, "123456") || !strings.Contains(got.Text, "采购合同") || got.Params[0] != "123456" {
		t.Errorf("%+v, %v", got, err)
	}
	if got := failure(gateway.New(gateway.Options{URL: server.URL, Secret: "s3cret"}).Send(t.Context(), m)); got != (gateway.Error{Code: gateway.CodePrivate}) {
		t.Errorf("an address on this machine is %+v", got)
	}
	if got := failure(gateway.New(gateway.Options{}).Send(t.Context(), m)); got.Code != gateway.CodeOff {
		t.Errorf("without a way it is %+v", got)
	}
}
