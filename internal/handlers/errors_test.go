package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
)

// secret stands for whatever an error may quote: nothing of it may reach the browser, nor the log where it comes from the platform.
const secret = "4403001988010112345"

// failing serves one handler behind the portal's middleware.
func (p *portal) failing(h handler) *reply {
	p.t.Helper()
	server := httptest.NewServer(p.server.middleware(p.server.guard(route{"GET /failing", auth.Public, nothing, h})))
	defer server.Close()
	v := p.visitor()
	elsewhere := *p
	elsewhere.url = server.URL
	v.p = &elsewhere
	return v.get("/failing")
}

func TestErrorsBecomePagesThatTellNothingInside(t *testing.T) {
	p := startPortal(t)
	for _, test := range []struct {
		name   string
		err    error
		status int
	}{
		{"unexpected", errors.New("open /var/lib/portal.db: " + secret), 500},
		{"not found", fmt.Errorf("read seal %s: %w", secret, db.ErrNotFound), 404},
		{"conflict", fmt.Errorf("draft %s: %w", secret, db.ErrConflict), 409},
		{"forbidden", errForbidden, 403},
		{"refused in words", refuse("accounts.reset.self"), 409},
		{"bad request", &badRequest{errors.New(secret)}, 400},
		{"invalid elsewhere", &api.ValidationError{Fields: []api.FieldError{{Field: secret, Rule: "required"}}}, 400},
		{"too large", fmt.Errorf("read form: %w", &http.MaxBytesError{Limit: 1}), 413},
		{"platform refused", &api.Error{Code: api.CodeOperationDenied, Message: secret, RequestID: "s1"}, 409},
		{"platform not found", &api.Error{Code: api.CodeResourceNotFound, Message: secret}, 404},
		{"platform is down", &api.Error{Code: api.CodeInternalError, Message: secret}, 502},
		{"platform limits", &api.Error{Code: api.CodeRequestLimitExceeded, Message: secret}, 429},
		{"no answer", &api.NoAnswerError{Action: "SendFlow", NotSent: true, Err: errors.New("dial " + secret)}, 502},
		{"unknown outcome", &api.NoAnswerError{Action: "SendFlow", Err: errors.New("read " + secret)}, 504},
		{"too late", context.DeadlineExceeded, 503},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := p.failing(func(http.ResponseWriter, *http.Request) error { return test.err })
			got.t = t
			got.wantStatus(test.status)
			if strings.Contains(got.body, secret) || strings.Contains(got.body, "portal.db") {
				t.Errorf("the page tells the error: %s", got.body)
			}
			text := strings.TrimSpace(got.find("[data-error]").Text())
			if text == "" || strings.Contains(text, "errors.") || strings.Contains(got.find("h1").Text(), "errors.") {
				t.Errorf("the page says %q, titled %q", text, got.find("h1").Text())
			}
		})
	}
	for line := range strings.Lines(p.logs.String()) {
		if strings.Contains(line, "platform") && strings.Contains(line, secret) {
			t.Errorf("the log quotes the platform: %s", line)
		}
	}
}

func TestAPanicIsAnErrorPageAndALogLine(t *testing.T) {
	p := startPortal(t)
	got := p.failing(func(http.ResponseWriter, *http.Request) error { panic("boom " + secret) }).wantStatus(http.StatusInternalServerError)
	if strings.Contains(got.body, "boom") {
		t.Error("the page tells the panic")
	}
	if !strings.Contains(p.logs.String(), "boom") || !strings.Contains(p.logs.String(), got.header.Get("X-Request-Id")) {
		t.Error("the log does not tell the panic with the request's id")
	}
}

func TestAnErrorAfterTheFirstByteCutsTheAnswerOff(t *testing.T) {
	p := startPortal(t)
	server := httptest.NewServer(p.server.middleware(p.server.guard(route{"GET /failing", auth.Public, nothing, func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Length", "100")
		if _, err := w.Write([]byte("half")); err != nil {
			return err
		}
		return errors.New("too late for a page")
	}})))
	defer server.Close()
	resp, err := http.Get(server.URL + "/failing")
	if err != nil {
		return // cut off before the headers came through: as good
	}
	defer resp.Body.Close()
	b := make([]byte, 200)
	for err == nil {
		_, err = resp.Body.Read(b)
	}
	if !strings.Contains(err.Error(), "unexpected EOF") {
		t.Errorf("half an answer ended with %v", err)
	}
}

func TestEveryPlatformCodeHasWordsAndAStatus(t *testing.T) {
	for _, language := range i18n.Languages() {
		ctx := i18n.WithLanguage(context.Background(), language)
		for _, code := range []string{api.CodeOperationDenied, api.CodeResourceNotFound, api.CodeInternalError, api.CodeInvalidParameterValue} {
			a := answerFor(ctx, &api.Error{Code: code})
			if data := a.page(ctx, "r"); data.Message == "" || strings.HasPrefix(data.Title, "auth.") || a.status < 400 {
				t.Errorf("%s in %s: %+v", code, language, data)
			}
		}
	}
}

func TestLargeBodiesAreRefused(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Admin)
	v.send(http.MethodPost, "/accounts", "application/x-www-form-urlencoded", strings.NewReader("Name="+strings.Repeat("a", maxBody+1))).
		wantStatus(http.StatusRequestEntityTooLarge)
}
