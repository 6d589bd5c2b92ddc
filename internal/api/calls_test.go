package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestCallsAreAllActions(t *testing.T) {
	var names []string
	for _, c := range Calls() {
		names = append(names, c.Name)
		if CallerOf(c.New()) == nil {
			t.Errorf("%s makes no request", c.Name)
		}
	}
	slices.Sort(names)
	if want := Names(); !slices.Equal(names, want) {
		t.Errorf("calls %v\nwant  %v", names, want)
	}
}

func TestAPreparedRequestIsSignedAndHoldsNoSecret(t *testing.T) {
	c, err := NewClient(ClientOptions{Endpoint: "https://essbasic.tencentcloudapi.com", SecretID: "AKIDtest", SecretKey: "very-secret", ApplicationID: "app",
		Recorder: refusingRecorder{}})
	if err != nil {
		t.Fatal(err)
	}
	r, body, err := c.Prepare(t.Context(), "DescribeUsers", &DescribeUsersRequest{UserIds: []string{"u"}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Header.Get(headerAction) != "DescribeUsers" || !strings.HasPrefix(r.Header.Get("Authorization"), "TC3-HMAC-SHA256 Credential=AKIDtest/") {
		t.Errorf("header %v", r.Header)
	}
	if string(body) != `{"Caller":{"ApplicationId":"app"},"UserIds":["u"]}` {
		t.Errorf("body %s", body)
	}
	if text := headerText(r.Header); strings.Contains(text, "very-secret") {
		t.Errorf("the secret is in %s", text)
	}
	if _, _, err := c.Prepare(t.Context(), "DescribeUsers", &DescribeUsersRequest{}); err == nil {
		t.Error("a request without ids is prepared")
	}
}

func headerText(h http.Header) string {
	var text strings.Builder
	for name, values := range h {
		text.WriteString(name + strings.Join(values, ""))
	}
	return text.String()
}

// refusingRecorder stands where nothing may be sent.
type refusingRecorder struct{}

func (refusingRecorder) Intent(context.Context, CallRecord) error {
	panic("a prepared request was sent")
}
func (refusingRecorder) Outcome(context.Context, CallRecord) error { return nil }
