package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"sealdesk/internal/api"
)

// The platform's version and limits (essbasic, "request structure").
const (
	apiVersion  = "2020-12-22"
	maxPost     = 10 << 20 // bytes of a TC3 POST body
	maxForm     = 1 << 20  // bytes of a POST body with signature v1
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

// incoming is a request as it came. V1 says that its common parameters came among the others, signed in the old way.
type incoming struct {
	http   *http.Request
	body   []byte
	params url.Values // of a GET's query or a form; nil for a JSON body
	v1     bool

	action, version, language, client string

	app *application // who signed it; nil until that is proven
}

// serveWire answers one signed request.
func (e *Engine) serveWire(w http.ResponseWriter, r *http.Request) {
	requestID := newRequestID()
	start := time.Now()
	in := &incoming{http: r, action: r.Header.Get("X-TC-Action"), version: r.Header.Get("X-TC-Version"),
		language: r.Header.Get("X-TC-Language"), client: r.Header.Get("X-TC-RequestClient")}
	resp, err := e.serve(in, requestID)
	var out *api.Error
	if err != nil {
		e.noteRefusedCall(r.Context(), in, err)
		var internal bool
		if out, internal = outgoing(in.action, err); internal {
			e.logger.ErrorContext(r.Context(), "engine: action failed", "action", in.action, "request", requestID, "error", err)
		}
		out.RequestID = requestID
		out.Message = localized(in.language, out)
		resp = errorBody(out)
	}
	e.writeEnvelope(r.Context(), w, resp)
	e.requests.add(in, requestID, out, e.wall(), time.Since(start))
	e.logger.DebugContext(r.Context(), "engine: action", "action", in.action, "request", requestID, "duration", time.Since(start))
}

// serve authenticates and runs one request, in the platform's order of checks: size, signature, version, action,
// parameters.
func (e *Engine) serve(in *incoming, requestID string) (any, error) {
	if err := in.read(); err != nil {
		return nil, err
	}
	var err error
	if in.app, err = e.authenticate(in); err != nil {
		return nil, err
	}
	if in.version != apiVersion {
		return nil, fail(api.CodeNoSuchVersion, "version %q is not served, %s is", in.version, apiVersion)
	}
	act, ok := e.actions[in.action]
	if !ok {
		return nil, fail(api.CodeInvalidAction, "there is no action %q", in.action)
	}
	parameters := input{body: in.body, query: in.params}
	if in.v1 {
		parameters.query = api.WithoutCommon(in.params)
	}
	r := in.http
	ctx := withCall(r.Context(), &call{RequestID: requestID, Application: in.app, IP: remoteIP(r), UserAgent: r.UserAgent()})
	return act.serve(ctx, parameters)
}

// authenticate checks the signature, against the time of the world: an advanced clock of the engine must not keep
// programs out.
func (e *Engine) authenticate(in *incoming) (*application, error) {
	var secretID string
	var refused *api.Error
	if in.v1 {
		secretID, refused = e.verifier.V1(in.http, in.params, e.wall())
	} else {
		secretID, refused = e.verifier.TC3(in.http, in.body, e.wall())
	}
	if refused != nil {
		return nil, refused
	}
	app := e.application(secretID)
	if app == nil {
		return nil, fail(api.CodeAuthFailureSecretIdNotFound, "no such secret id")
	}
	return app, nil
}

// read reads what the signature covers, within the limits.
func (in *incoming) read() error {
	r := in.http
	signed := r.Header.Get("Authorization") != ""
	switch r.Method {
	case http.MethodGet:
		if len(r.URL.RawQuery) > maxGetQuery {
			return fail(api.CodeRequestSizeLimitExceeded, "a GET takes at most %d bytes of parameters", maxGetQuery)
		}
		return in.readParams(r.URL.RawQuery, !signed)
	case http.MethodPost:
		form := !signed && isForm(r.Header.Get("Content-Type"))
		limit := int64(maxPost)
		if form {
			limit = maxForm
		}
		var err error
		if in.body, err = readAll(r, limit); err != nil || !form {
			return err
		}
		return in.readParams(string(in.body), true)
	default:
		return fail(api.CodeUnsupportedProtocol, "only GET and POST are served")
	}
}

// readParams reads flattened parameters. Where no header signs them, they may carry signature v1 and the common ones.
func (in *incoming) readParams(raw string, mayBeV1 bool) (err error) {
	if in.params, err = url.ParseQuery(raw); err != nil {
		return fail(api.CodeInvalidRequest, "the parameters cannot be read")
	}
	if in.v1 = mayBeV1 && api.UsesV1(in.params); in.v1 {
		in.action, in.version = in.params.Get(api.ParamAction), in.params.Get(api.ParamVersion)
		in.language, in.client = in.params.Get(api.ParamLanguage), in.params.Get(api.ParamRequestClient)
	}
	return nil
}

// isForm tells a form from JSON.
func isForm(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && mediaType == "application/x-www-form-urlencoded"
}

// readAll reads a body up to a limit, into memory of the announced size.
func readAll(r *http.Request, limit int64) ([]byte, error) {
	tooLarge := fail(api.CodeRequestSizeLimitExceeded, "a POST takes at most %d bytes", limit)
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	var buf bytes.Buffer
	if r.ContentLength > 0 {
		buf.Grow(int(r.ContentLength) + bytes.MinRead) // so that reading does not grow it once more
	}
	n, err := buf.ReadFrom(io.LimitReader(r.Body, limit+1))
	switch {
	case err != nil:
		return nil, fail(api.CodeInvalidRequest, "the body did not arrive whole")
	case n > limit:
		return nil, tooLarge
	}
	return buf.Bytes(), nil
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
func newRequestID() string {
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	const low = 1_000_000_000_000_000_000
	return "s" + strconv.FormatUint(low+binary.BigEndian.Uint64(raw[:])%(9*low), 10)
}

// remoteIP is the caller's address without its port; empty inside one process.
func remoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}
