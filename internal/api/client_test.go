package api

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func itoa(n int64) string      { return strconv.FormatInt(n, 10) }
func hexOf(data []byte) string { return hex.EncodeToString(data) }

// trail is a Recorder that keeps what it is told.
type trail struct {
	mu       sync.Mutex
	intents  []CallRecord
	outcomes map[string]CallRecord
	refuse   error
}

func (r *trail) Intent(_ context.Context, c CallRecord) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse != nil {
		return r.refuse
	}
	r.intents = append(r.intents, c)
	return nil
}

func (r *trail) Outcome(_ context.Context, c CallRecord) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.outcomes == nil {
		r.outcomes = make(map[string]CallRecord)
	}
	r.outcomes[c.ID] = c
	return nil
}

// outcome is what came of a call, by the place of its intent.
func (r *trail) outcome(n int) CallRecord { return r.outcomes[r.intents[n].ID] }

// platform serves one answer after another, the last one for ever, and checks every signature.
func platform(t *testing.T, answers ...func(w http.ResponseWriter, body string)) (*Client, *trail, *atomic.Int32) {
	t.Helper()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if _, err := VerifyTC3(r, body, lookupTestKey, time.Now()); err != nil {
			t.Error(err)
		}
		n := int(calls.Add(1))
		answers[min(n, len(answers))-1](w, string(body))
	}))
	t.Cleanup(server.Close)
	r := &trail{}
	return client(t, server.URL, r), r, &calls
}

func client(t *testing.T, endpoint string, r Recorder) *Client {
	t.Helper()
	c, err := NewClient(ClientOptions{Endpoint: endpoint, SecretID: testID, SecretKey: testKey, ApplicationID: "app", Recorder: r,
		Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func says(text string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, text) }
}

func TestCallRecordsIntentAndOutcome(t *testing.T) {
	var sent string
	c, r, _ := platform(t, func(w http.ResponseWriter, body string) {
		sent = body
		_, _ = io.WriteString(w, `{"Response":{"UserId":"u1","RequestId":"s1","Unknown":[1]}}`)
	})
	req := &CreateUserRequest{OpenId: "o", Name: "张三丰", IdCardType: "ID_CARD", IdCardNumber: "440300199001011234", Mobile: "15012340702",
		Email: "zhang@example.com"}
	resp, err := CreateUser.Call(t.Context(), c, req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.UserId != "u1" || resp.RequestId != "s1" {
		t.Errorf("answer %+v", resp)
	}
	if !strings.Contains(sent, `"ApplicationId":"app"`) || !strings.Contains(sent, "440300199001011234") || strings.Contains(sent, "UseOpenId") {
		t.Errorf("sent %s", sent)
	}
	if len(r.intents) != 1 || len(r.outcomes) != 1 {
		t.Fatalf("%d intents, %d outcomes", len(r.intents), len(r.outcomes))
	}
	intent, outcome := r.intents[0], r.outcome(0)
	var kept map[string]any
	if err := json.Unmarshal(intent.Request, &kept); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{"Name": "张**", "IdCardNumber": "4****************4", "Mobile": "150****0702", "Email": "z****@example.com"} {
		if kept[field] != want {
			t.Errorf("the record keeps %s as %v, want %s", field, kept[field], want)
		}
	}
	if outcome.Action != "CreateUser" || outcome.ObjectType != "user" || outcome.ObjectID != "u1" || outcome.RequestID != "s1" || outcome.ErrorCode != "" {
		t.Errorf("outcome %+v", outcome)
	}
}

func TestRefusalIsTyped(t *testing.T) {
	c, r, calls := platform(t, says(`{"Response":{"Error":{"Code":"OperationDenied","Message":"no"},"RequestId":"s2"}}`))
	_, err := ArchiveFlow.Call(t.Context(), c, &ArchiveFlowRequest{FlowId: "f"})
	var refusal *Error
	if !errors.As(err, &refusal) || !IsCode(err, CodeOperationDenied) || refusal.RequestID != "s2" {
		t.Fatalf("got %v", err)
	}
	if o := r.outcome(0); o.ErrorCode != CodeOperationDenied || o.ObjectID != "f" || o.RequestID != "s2" {
		t.Errorf("outcome %+v", o)
	}
	if calls.Load() != 1 {
		t.Errorf("%d calls", calls.Load())
	}
}

func TestInvalidRequestsAreNotSent(t *testing.T) {
	c, r, calls := platform(t, says(`{}`))
	_, err := ArchiveFlow.Call(t.Context(), c, &ArchiveFlowRequest{})
	var invalid *ValidationError
	if !errors.As(err, &invalid) || invalid.Fields[0] != (FieldError{"FlowId", "required", ""}) {
		t.Fatalf("got %v", err)
	}
	if calls.Load() != 0 || len(r.intents) != 0 {
		t.Errorf("%d calls, %d intents", calls.Load(), len(r.intents))
	}
}

func TestNothingIsSentUnrecorded(t *testing.T) {
	c, r, calls := platform(t, says(`{}`))
	r.refuse = errors.New("disk full")
	if _, err := ArchiveFlow.Call(t.Context(), c, &ArchiveFlowRequest{FlowId: "f"}); !errors.Is(err, r.refuse) {
		t.Errorf("got %v", err)
	}
	if calls.Load() != 0 {
		t.Errorf("%d calls", calls.Load())
	}
}

func TestOnlyReadsAreRepeated(t *testing.T) {
	garbage := func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusBadGateway) }
	read := says(`{"Response":{"FlowId":"f","FlowStatus":4,"RequestId":"s3"}}`)

	c, r, calls := platform(t, garbage, says(`{"Response":{"Error":{"Code":"InternalError","Message":""},"RequestId":""}}`), read)
	resp, err := DescribeFlow.Call(t.Context(), c, &DescribeFlowRequest{FlowId: "f"})
	if err != nil || resp.FlowStatus != FlowArchived || calls.Load() != 3 {
		t.Errorf("a read: %+v, %v after %d calls", resp, err, calls.Load())
	}
	if len(r.intents) != 1 || len(r.outcomes) != 1 {
		t.Errorf("%d intents, %d outcomes", len(r.intents), len(r.outcomes))
	}

	c, r, calls = platform(t, garbage, read)
	_, err = CancelFlow.Call(t.Context(), c, &CancelFlowRequest{FlowId: "f"})
	if !IsUnknownOutcome(err) || calls.Load() != 1 || r.outcome(0).ErrorCode != RecordNoAnswer {
		t.Errorf("a change: %v after %d calls, outcome %+v", err, calls.Load(), r.outcome(0))
	}

	c, _, calls = platform(t, says(`{"Response":{"Error":{"Code":"ResourceNotFound","Message":""},"RequestId":""}}`))
	if _, err = DescribeFlow.Call(t.Context(), c, &DescribeFlowRequest{FlowId: "f"}); CodeOf(err) != CodeResourceNotFound || calls.Load() != 1 {
		t.Errorf("a read that is refused: %v after %d calls", err, calls.Load())
	}
}

func TestNobodyListening(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = CancelFlow.Call(t.Context(), client(t, endpoint, &trail{}), &CancelFlowRequest{FlowId: "f"})
	var lost *NoAnswerError
	if !errors.As(err, &lost) || !lost.NotSent || IsUnknownOutcome(err) {
		t.Errorf("got %v", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	c, _, calls := platform(t, func(w http.ResponseWriter, _ string) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	if _, err := CancelFlow.Call(t.Context(), c, &CancelFlowRequest{FlowId: "f"}); err == nil || calls.Load() != 1 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

func TestClientNeedsItsOptions(t *testing.T) {
	good := ClientOptions{Endpoint: "https://essbasic.tencentcloudapi.com", SecretID: "i", SecretKey: "k", ApplicationID: "a", Recorder: &trail{}}
	if _, err := NewClient(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*ClientOptions){
		"no endpoint":  func(o *ClientOptions) { o.Endpoint = "essbasic.tencentcloudapi.com" },
		"no secret":    func(o *ClientOptions) { o.SecretKey = "" },
		"no id":        func(o *ClientOptions) { o.ApplicationID = "" },
		"no recorder":  func(o *ClientOptions) { o.Recorder = nil },
		"other scheme": func(o *ClientOptions) { o.Endpoint = "ftp://x" },
	} {
		o := good
		spoil(&o)
		if _, err := NewClient(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
