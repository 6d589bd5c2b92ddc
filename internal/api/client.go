package api

import (
	"bytes"
	"cmp"
	"context"
	crand "crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	defaultTimeout  = 20 * time.Second
	maxResponseSize = 64 << 20

	// Reads are tried three times; the waits are drawn from 0–200 and 0–400 ms, so that many callers do not come back together.
	readAttempts  = 3
	readRetryWait = 200 * time.Millisecond
)

// CallRecord is what a call leaves in the audit trail. Request is the request as JSON with personal data and secrets masked.
type CallRecord struct {
	ID                   string // random, the same before and after: what links an outcome to its intent
	Action               string
	ObjectType, ObjectID string // "flow", "seal", "user", "organization", "file", "catalog" or "identity", and its id where one is known
	Request              json.RawMessage
	RequestID            string // the platform's
	ErrorCode            string // a platform code, "Invalid" for a request that its rules stopped, "NoAnswer"
	Duration             time.Duration
}

// Error codes of records whose call got no code from the platform.
const (
	RecordInvalid  = "Invalid"
	RecordNoAnswer = "NoAnswer"
)

// Recorder keeps the trail of all calls. Intent stands before the request leaves: if it fails, nothing is sent. Outcome closes it, with
// the same ID.
type Recorder interface {
	Intent(ctx context.Context, r CallRecord) error
	Outcome(ctx context.Context, r CallRecord) error
}

// ClientOptions says where and as whom to call.
type ClientOptions struct {
	Endpoint            string // an http or https URL
	Region              string // may be empty; essbasic does not need one
	SecretID, SecretKey string
	ApplicationID       string            // fills Caller.ApplicationId where it is empty
	Transport           http.RoundTripper // nil: http.DefaultTransport
	Recorder            Recorder
	Timeout             time.Duration    // of one attempt; 0: 20 s
	Clock               func() time.Time // nil: time.Now
}

// Client sends signed requests to the platform and records every one of them. It is safe for use by several goroutines.
type Client struct {
	options ClientOptions
	url     string
	http    *http.Client
	ahead   atomic.Pointer[time.Duration]
}

// NewClient checks the options and makes a client.
func NewClient(o ClientOptions) (*Client, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("endpoint %q is not an http or https URL", o.Endpoint)
	}
	if o.SecretID == "" || o.SecretKey == "" || o.ApplicationID == "" {
		return nil, errors.New("secret id, secret key and application id are all needed")
	}
	if o.Recorder == nil {
		return nil, errors.New("a recorder is needed: no call goes unaudited")
	}
	if u.Path == "" {
		u.Path = "/"
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return &Client{options: o, url: u.String(), http: &http.Client{
		Transport: o.Transport,
		Timeout:   cmp.Or(o.Timeout, defaultTimeout),
		// A redirect would carry the signed request elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// ApplicationID is the application as which the client calls.
func (c *Client) ApplicationID() string { return c.options.ApplicationID }

// ClockAhead is how far the platform's clock was ahead of this one at the last answer that told its time, to about a second: negative when
// it was behind. ok is false as long as there was none.
func (c *Client) ClockAhead() (ahead time.Duration, ok bool) {
	if p := c.ahead.Load(); p != nil {
		return *p, true
	}
	return 0, false
}

// callID makes the random name of a call: 128 bits, in hex.
func callID() string {
	var id [16]byte
	crand.Read(id[:]) //nolint:errcheck // never fails
	return hex.EncodeToString(id[:])
}

// call does one action: the only way out of the program to the platform.
func (c *Client) call(ctx context.Context, action string, req, resp any) error {
	body, err := c.encode(action, req)
	if err != nil {
		return err
	}
	record := CallRecord{ID: callID(), Action: action, Request: MaskedJSON(req)}
	record.ObjectType, record.ObjectID = object(action, req)
	if err := c.options.Recorder.Intent(ctx, record); err != nil {
		return fmt.Errorf("%s: record the intent: %w", action, err)
	}
	start := c.options.Clock()
	err = c.sendAgain(ctx, action, body, resp)
	record.Duration = c.options.Clock().Sub(start)
	record.RequestID, record.ErrorCode = result(resp, err)
	if record.ObjectID == "" && err == nil {
		_, record.ObjectID = object(action, resp)
	}
	// The outcome is kept even if the caller has gone away meanwhile.
	if kept := c.options.Recorder.Outcome(context.WithoutCancel(ctx), record); kept != nil {
		return errors.Join(err, fmt.Errorf("%s: record the outcome: %w", action, kept))
	}
	return err
}

func result(resp any, err error) (requestID, code string) {
	var refusal *Error
	switch {
	case err == nil:
		if id, ok := field[string](resp, "RequestId"); ok {
			requestID = *id
		}
		return requestID, ""
	case errors.As(err, &refusal):
		return refusal.RequestID, refusal.Code
	default:
		return "", RecordNoAnswer
	}
}

// sendAgain repeats reads that got no answer, or one that says to come back. Whatever changes something is sent once.
func (c *Client) sendAgain(ctx context.Context, action string, body []byte, resp any) error {
	attempts := 1
	if IsRead(action) {
		attempts = readAttempts
	}
	for attempt := 1; ; attempt++ {
		err := c.send(ctx, action, body, resp)
		if err == nil || attempt == attempts || !passing(err) || ctx.Err() != nil {
			return err
		}
		wait := time.NewTimer(rand.N(readRetryWait << (attempt - 1)))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return err
		}
	}
}

// IsRead tells that an action only reads, so that it may be repeated.
func IsRead(action string) bool { return strings.HasPrefix(action, "Describe") }

// passing tells that an error may be gone at the next attempt.
func passing(err error) bool {
	var lost *NoAnswerError
	if errors.As(err, &lost) {
		return true
	}
	code := CodeOf(err)
	return code == CodeInternalError || code == CodeServiceUnavailable || strings.HasPrefix(code, CodeRequestLimitExceeded)
}

// encode fills in the caller's application, checks the request and writes it.
func (c *Client) encode(action string, req any) ([]byte, error) {
	caller := CallerOf(req)
	if caller == nil {
		return nil, fmt.Errorf("%s: %T is no request", action, req)
	}
	caller.ApplicationId = cmp.Or(caller.ApplicationId, c.options.ApplicationID)
	if err := Validate(req); err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	body, err := json.Marshal(req)
	if err != nil {
		return nil, fmt.Errorf("%s: encode: %w", action, err)
	}
	return body, nil
}

// signed makes the request of one attempt.
func (c *Client) signed(ctx context.Context, action string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(headerAction, action)
	req.Header.Set(headerVersion, Version)
	req.Header.Set("X-TC-Language", "zh-CN")
	if c.options.Region != "" {
		req.Header.Set("X-TC-Region", c.options.Region)
	}
	SignTC3(req, body, c.options.SecretID, c.options.SecretKey, c.options.Clock())
	return req, nil
}

// send does one attempt.
func (c *Client) send(ctx context.Context, action string, body []byte, resp any) error {
	req, err := c.signed(ctx, action, body)
	if err != nil {
		return err
	}
	answer, err := c.http.Do(req)
	if err != nil {
		return &NoAnswerError{Action: action, NotSent: neverSent(err), Err: err}
	}
	defer answer.Body.Close()
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		ahead := date.Sub(c.options.Clock())
		c.ahead.Store(&ahead)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxResponseSize+1))
	if err != nil {
		return &NoAnswerError{Action: action, Err: err}
	}
	if len(data) > maxResponseSize {
		return &NoAnswerError{Action: action, Err: fmt.Errorf("more than %d bytes", maxResponseSize)}
	}
	err = decodeResponse(data, resp)
	var refusal *Error
	if err == nil || errors.As(err, &refusal) {
		return err
	}
	return &NoAnswerError{Action: action, Err: fmt.Errorf("status %d: %w", answer.StatusCode, err)}
}
