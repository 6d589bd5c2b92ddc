package handlers

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"syscall"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// Errors that carry nothing but their status.
var (
	errForbidden = errors.New("the account may not do this")
	errMethod    = errors.New("the address does not take this method")
)

// badRequest is a request that cannot be read at all; what is wrong with a field of a form is a 422 instead.
type badRequest struct{ err error }

func (e *badRequest) Error() string { return e.err.Error() }
func (e *badRequest) Unwrap() error { return e.err }

// userError is a refusal in words: a status and a catalogue key with its arguments, shown as they are. Handlers return it where a rule of
// the portal forbids something that no field of a form can show.
type userError struct {
	status int
	key    string
	args   []any
}

func (e *userError) Error() string { return e.key }

// refuse makes a userError with status 409.
func refuse(key string, args ...any) error { return &userError{http.StatusConflict, key, args} }

// problems is what of an error belongs beside the fields of a form. ok is false for any other error.
func problems(err error) (list templates.Problems, ok bool) {
	var invalid *api.ValidationError
	if !errors.As(err, &invalid) {
		return nil, false
	}
	for _, f := range invalid.Fields {
		field := f.Field
		if strings.HasSuffix(field, "]") { // one value of a field that takes several
			field = field[:strings.LastIndex(field, "[")]
		}
		list = append(list, templates.Problem{Field: field, Rule: f.Rule, Param: f.Param})
	}
	return list, true
}

// answer is what the browser learns of an error: nothing of the error itself.
type answer struct {
	status int
	title  string // catalogue key; empty for the status' own
	text   string // empty for the status' own
	log    bool   // unexpected: somebody should look
}

func answerFor(ctx context.Context, err error) answer {
	var refused *userError
	var platform *api.Error
	switch {
	case errors.As(err, &refused):
		return answer{status: refused.status, title: refusedTitle, text: i18n.T(ctx, refused.key, refused.args...)}
	case errors.Is(err, errForbidden):
		return answer{status: http.StatusForbidden}
	case errors.Is(err, db.ErrNotFound):
		return answer{status: http.StatusNotFound}
	case errors.Is(err, errMethod):
		return answer{status: http.StatusMethodNotAllowed}
	case errors.Is(err, db.ErrSchema):
		return answer{status: http.StatusServiceUnavailable, title: "errors.schema.title", text: i18n.T(ctx, "errors.schema"), log: true}
	case errors.Is(err, db.ErrRowChanged):
		return answer{status: http.StatusServiceUnavailable, title: "errors.row.title", text: i18n.T(ctx, "errors.row"), log: true}
	case errors.Is(err, db.ErrConflict):
		return answer{status: http.StatusConflict}
	case errors.As(err, new(*http.MaxBytesError)):
		return answer{status: http.StatusRequestEntityTooLarge}
	case errors.As(err, new(*badRequest)), errors.As(err, new(*api.ValidationError)):
		return answer{status: http.StatusBadRequest}
	case errors.As(err, &platform):
		return answer{status: platformStatus(platform.Code), title: refusedTitle, text: i18n.ErrorText(ctx, platform.Code), log: true}
	case api.IsUnknownOutcome(err):
		return answer{status: http.StatusGatewayTimeout, log: true}
	case errors.As(err, new(*api.NoAnswerError)):
		return answer{status: http.StatusBadGateway, text: i18n.T(ctx, "errors.unavailable"), log: true}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(context.Cause(ctx), errTimeout):
		return answer{status: http.StatusServiceUnavailable, log: true}
	}
	return answer{status: http.StatusInternalServerError, log: true}
}

// refusedTitle heads a refusal that is explained in words.
const refusedTitle = "auth.refused"

// page is the answer in the words of the reader.
func (a answer) page(ctx context.Context, requestID string) templates.ErrorData {
	data := templates.ErrorData{Status: a.status, Message: a.text, RequestID: requestID, Home: "/"}
	own := "errors.page." + strconv.Itoa(a.status)
	if a.title == "" {
		a.title = own + ".title"
	}
	if data.Message == "" {
		data.Message = i18n.T(ctx, own+".message")
	}
	data.Title = i18n.T(ctx, a.title)
	return data
}

// platformStatus is how a refusal of the platform shows in the portal: whoever is at fault.
func platformStatus(code string) int {
	switch family(code) {
	case "ResourceNotFound":
		return http.StatusNotFound
	case "OperationDenied", "FailedOperation", "ResourceUnavailable", "ResourceInUse", "UnsupportedOperation", "InvalidParameter",
		"InvalidParameterValue", "MissingParameter", "UnknownParameter":
		return http.StatusConflict
	case "LimitExceeded", "RequestLimitExceeded":
		return http.StatusTooManyRequests
	}
	return http.StatusBadGateway
}

// family is the part of a code before its first dot.
func family(code string) string {
	for i := range code {
		if code[i] == '.' {
			return code[:i]
		}
	}
	return code
}

// fail answers with an error, as a page or for htmx as a fragment that becomes a toast.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	ctx := r.Context()
	if errors.Is(err, errAnswered) || disconnected(err) == nil || clientGone(r) {
		return
	}
	a := answerFor(ctx, err)
	x := exchangeOf(ctx)
	if a.log {
		s.log.ErrorContext(ctx, "request failed", "request", x.id, "method", r.Method, "route", r.Pattern, "status", a.status, "error", scrub(err))
	}
	if x.out != nil && x.out.status != 0 { // half an answer is out: cutting it off tells the browser that it is not whole
		panic(http.ErrAbortHandler)
	}
	// The page is made even where the time of the request is over: components refuse to render in a context that has ended.
	r = r.WithContext(context.WithoutCancel(ctx))
	data := a.page(ctx, x.id)
	w.Header().Set("Cache-Control", "no-store")
	if isPartial(r) {
		err = s.fragment(w, r, a.status, templates.ErrorFragment(data))
	} else {
		p := page{TitleText: data.Title}
		data.Title = "" // the page has it already
		err = s.frame(w, r, a.status, p, nil, templates.ErrorPage(data))
	}
	if err != nil { // The page itself does not render, or the database is gone: plain words are left.
		s.log.ErrorContext(ctx, "error page failed", "request", x.id, "error", scrub(err))
		http.Error(w, http.StatusText(a.status)+" · "+x.id, a.status)
	}
}

// scrub is what the log may know of an error. A platform's sentence can quote what was sent to it, so that only its code is logged.
func scrub(err error) string {
	var platform *api.Error
	if errors.As(err, &platform) {
		return "platform " + platform.Code + " request " + platform.RequestID
	}
	var invalid *api.ValidationError
	if errors.As(err, &invalid) {
		return "invalid request"
	}
	return err.Error()
}

// disconnected drops the error of writing to a browser that has gone away: nobody is left to be told.
func disconnected(err error) error {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	return err
}

// clientGone tells that the browser hung up, rather than that the portal took too long.
func clientGone(r *http.Request) bool {
	return errors.Is(context.Cause(r.Context()), context.Canceled)
}
