package engine

import (
	"bytes"
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"sealdesk/internal/api"
)

// How much of the requests is kept in memory for the console.
const (
	keptRequests = 500
	keptBody     = 8 << 10 // bytes; of longer bodies only the size is known
)

// Request is a request of the last ones, for whoever looks for what went wrong. Personal data, pictures and tokens in it are masked.
type Request struct {
	Time      time.Time
	ID        string // RequestId of the answer
	Action    string
	Method    string // POST, GET
	Scheme    string // of the signature: TC3-HMAC-SHA256, HmacSHA1, HmacSHA256
	Client    string // name of the SDK, as it tells
	Address   string
	Code      string // empty: it worked
	Message   string
	Duration  time.Duration
	Parameter string // JSON, or one flattened parameter a line
	// Canonical and StringToSign are what the server computed, where a signature did not fit.
	Canonical, StringToSign string
}

// requests is a ring of the newest requests. They are kept raw and masked when somebody looks, so that serving pays next to nothing.
type requests struct {
	masks map[string]string // how each parameter is masked, by name

	mu   sync.Mutex
	ring []keptRequest
	next int
}

type keptRequest struct {
	Request

	body      []byte
	size      int
	params    url.Values
	token     string // of X-TC-Token; it must not be shown
	explained api.Explanation
}

func newRequests() *requests { return &requests{masks: map[string]string{"Token": "secret"}} }

// learn takes the masks from the struct of a request: every name means the same in all actions.
func (q *requests) learn(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		q.learn(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if how := f.Tag.Get("mask"); how != "" {
				q.masks[f.Name] = how
			}
			q.learn(f.Type)
		}
	}
}

// add keeps a request that was answered.
func (q *requests) add(in *incoming, id string, refused *api.Error, now time.Time, took time.Duration) {
	r := in.http
	k := keptRequest{
		Request: Request{Time: now, ID: id, Action: in.action, Method: r.Method, Scheme: in.scheme(), Client: in.client, Address: remoteIP(r), Duration: took},
		size:    len(in.body), params: in.params, token: r.Header.Get("X-TC-Token"),
	}
	if len(in.body) <= keptBody && in.params == nil {
		k.body = in.body
	}
	if len(in.body)+len(r.URL.RawQuery) > keptBody {
		k.params = nil
	}
	if refused != nil {
		k.Code, k.Message = refused.Code, refused.Message
	}
	if k.Code == api.CodeAuthFailureSignatureFailure {
		if in.v1 {
			k.explained = api.ExplainV1(r, in.params)
		} else {
			k.explained = api.ExplainTC3(r, in.body)
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.ring) < keptRequests {
		q.ring = append(q.ring, k)
		return
	}
	q.ring[q.next] = k
	q.next = (q.next + 1) % keptRequests
}

// scheme names the way in which the request is signed.
func (in *incoming) scheme() string {
	if !in.v1 {
		return "TC3-HMAC-SHA256"
	}
	if method := in.params.Get("SignatureMethod"); method == api.MethodHmacSHA256 {
		return method
	}
	return api.MethodHmacSHA1
}

// Requests lists the last requests, the newest first.
func (e *Engine) Requests() []Request {
	q := e.requests
	q.mu.Lock()
	kept := slices.Concat(q.ring[q.next:], q.ring[:q.next])
	q.mu.Unlock()
	slices.Reverse(kept)
	out := make([]Request, len(kept))
	for i, k := range kept {
		out[i] = k.Request // the list shows no bodies
	}
	return out
}

// FindRequest gives one of the last requests with its parameters.
func (e *Engine) FindRequest(id string) (Request, bool) {
	q := e.requests
	q.mu.Lock()
	i := slices.IndexFunc(q.ring, func(k keptRequest) bool { return k.ID == id })
	var k keptRequest
	if i >= 0 {
		k = q.ring[i]
	}
	q.mu.Unlock()
	if i < 0 {
		return Request{}, false
	}
	r := k.Request
	switch {
	case k.params != nil:
		r.Parameter = q.maskedParams(k.params)
	case k.body != nil:
		r.Parameter = q.maskedBody(k.body)
	case k.size > 0:
		r.Parameter = api.Mask("binary", strings.Repeat("x", k.size))
	}
	r.Canonical, r.StringToSign = q.maskedText(k, k.explained.Canonical), q.maskedText(k, k.explained.StringToSign)
	return r, true
}

// maskedBody writes a JSON body with every personal value masked; what is no JSON is only counted.
func (q *requests) maskedBody(body []byte) string {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return api.Mask("binary", string(body))
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(q.maskedValue(v, "")); err != nil {
		return api.Mask("binary", string(body))
	}
	return strings.TrimSpace(out.String())
}

func (q *requests) maskedValue(v any, how string) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			v[name] = q.maskedValue(value, q.maskOf(name))
		}
	case []any:
		for i := range v {
			v[i] = q.maskedValue(v[i], how)
		}
	case string:
		return api.Mask(how, v)
	case json.Number:
		if how != "" {
			return api.Mask(how, v.String())
		}
	}
	return v
}

// maskOf tells how a parameter is masked. One that no action has may be a misspelt personal one, and long ones are data.
func (q *requests) maskOf(name string) string {
	if how, ok := q.masks[name]; ok {
		return how
	}
	return "long"
}

// flatMask is maskOf for a flattened name, such as SmsTemplate.ParamSet.0.
func (q *requests) flatMask(name string) string {
	for i := len(name); i > 0; i = strings.LastIndexByte(name[:i], '.') {
		part := name[strings.LastIndexByte(name[:i], '.')+1 : i]
		if strings.Trim(part, "0123456789") != "" {
			return q.maskOf(part)
		}
	}
	return "long"
}

func (q *requests) maskedParams(params url.Values) string {
	var lines []string
	for name, values := range api.WithoutCommon(params) {
		for _, value := range values {
			lines = append(lines, name+" = "+api.Mask(q.flatMask(name), value))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// maskedText masks the personal values of the parameters, and the token, in a text that was signed.
func (q *requests) maskedText(k keptRequest, text string) string {
	if k.token != "" {
		text = strings.ReplaceAll(text, strings.ToLower(k.token), "***") // signed in lower case
	}
	for name, values := range k.params {
		how := q.flatMask(name)
		if how == "" || how == "long" {
			continue
		}
		for _, value := range values {
			escaped := url.QueryEscape(value)
			for _, written := range []string{value, escaped, strings.ReplaceAll(escaped, "+", "%20")} {
				text = strings.ReplaceAll(text, name+"="+written, name+"="+api.Mask(how, value))
			}
		}
	}
	return text
}
