package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"time"

	"sealdesk/internal/api"
)

// The platform's version and limits (essbasic, "request structure").
const (
	apiVersion  = "2020-12-22"
	maxPost     = 10 << 20 // bytes of a TC3 POST body
	maxGetQuery = 32 << 10 // bytes of a GET's query
)

// API is the wire endpoint. It serves "/" and, for SDKs that post there, "/api"; the answer is always HTTP 200 with
// a JSON envelope.
func (e *Engine) API() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" && r.URL.Path != "/api" && r.URL.Path != "" {
			http.NotFound(w, r)
			return
		}
		e.serveWire(w, r)
	})
}

// serveWire answers one signed request.
func (e *Engine) serveWire(w http.ResponseWriter, r *http.Request) {
	requestID, err := newRequestID()
	if err != nil {
		e.logger.ErrorContext(r.Context(), "engine: no request id", "error", err)
		requestID = "s0000000000000000000"
	}
	name := r.Header.Get("X-TC-Action")
	start := time.Now()
	resp, err := e.serve(r, requestID)
	if err != nil {
		out, internal := outgoing(name, err)
		if internal {
			e.logger.ErrorContext(r.Context(), "engine: action failed", "action", name, "request", requestID, "error", err)
		}
		out.RequestID = requestID
		e.writeEnvelope(r.Context(), w, errorBody(out))
		return
	}
	e.writeEnvelope(r.Context(), w, resp)
	e.logger.DebugContext(r.Context(), "engine: action", "action", name, "request", requestID, "duration", time.Since(start))
}

// serve authenticates and runs one request, in the platform's order of checks: size, signature, version, action,
// parameters.
func (e *Engine) serve(r *http.Request, requestID string) (any, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	secretID, refused := api.VerifyTC3(r, body, e.secretKey, e.now())
	if refused != nil {
		return nil, refused
	}
	app := e.application(secretID)
	if app == nil {
		return nil, fail(api.CodeAuthFailureSecretIdNotFound, "no such secret id")
	}
	if v := r.Header.Get("X-TC-Version"); v != apiVersion {
		return nil, fail(api.CodeNoSuchVersion, "version %q is not served, %s is", v, apiVersion)
	}
	name := r.Header.Get("X-TC-Action")
	act, ok := e.actions[name]
	if !ok {
		return nil, fail(api.CodeInvalidAction, "there is no action %q", name)
	}
	in := input{body: body}
	if r.Method == http.MethodGet {
		if in.query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
			return nil, fail(api.CodeInvalidRequest, "the query cannot be read")
		}
	}
	ctx := withCall(r.Context(), &call{RequestID: requestID, Application: app, IP: remoteIP(r), UserAgent: r.UserAgent()})
	return act.serve(ctx, in)
}

// readBody reads what the signature covers, within the limits.
func readBody(r *http.Request) ([]byte, error) {
	switch r.Method {
	case http.MethodGet:
		if len(r.URL.RawQuery) > maxGetQuery {
			return nil, fail(api.CodeRequestSizeLimitExceeded, "a GET takes at most %d bytes of parameters", maxGetQuery)
		}
		return nil, nil
	case http.MethodPost:
		body, err := io.ReadAll(io.LimitReader(r.Body, maxPost+1))
		if err != nil {
			return nil, fail(api.CodeInvalidRequest, "the body did not arrive whole")
		}
		if len(body) > maxPost {
			return nil, fail(api.CodeRequestSizeLimitExceeded, "a POST takes at most %d bytes", maxPost)
		}
		return body, nil
	default:
		return nil, fail(api.CodeUnsupportedProtocol, "only GET and POST are served")
	}
}

// wireError is the Error object of the envelope.
type wireError struct {
	Code    string `json:"Code"`
	Message string `json:"Message"`
}

type errorResponse struct {
	Error     wireError `json:"Error"`
	RequestID string    `json:"RequestId"`
}

func errorBody(e *api.Error) errorResponse {
	return errorResponse{Error: wireError{Code: e.Code, Message: e.Message}, RequestID: e.RequestID}
}

// writeEnvelope sends the answer. The status is 200 even for errors, since the Node SDK loses the code on any other;
// the content type carries no charset, since the Python SDK raises errors only for exactly this one.
func (e *Engine) writeEnvelope(ctx context.Context, w http.ResponseWriter, resp any) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(struct {
		Response any `json:"Response"`
	}{resp}); err != nil {
		e.logger.ErrorContext(ctx, "engine: the answer cannot be encoded", "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	if _, err := w.Write(buf.Bytes()); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		e.logger.DebugContext(ctx, "engine: the caller has gone", "error", err)
	}
}

// newRequestID is "s" and 19 digits, as the platform's are.
func newRequestID() (string, error) {
	low := big.NewInt(1_000_000_000_000_000_000)
	n, err := rand.Int(rand.Reader, new(big.Int).Mul(low, big.NewInt(9)))
	if err != nil {
		return "", err
	}
	return "s" + n.Add(n, low).String(), nil
}

// remoteIP is the caller's address without its port; empty inside one process.
func remoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}
