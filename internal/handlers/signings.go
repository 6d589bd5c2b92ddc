package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/web/templates"
)

// proofLife is how long a code or password that was asked for before signing counts for the next contract too.
const proofLife = 5 * time.Minute

// sessionProof is the key of a session under which it keeps how and when its account was last asked before signing.
const sessionProof = "proof"

// listSignings shows what waits for the signature of the account's person.
func (s *server) listSignings(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	waiting, next, err := s.db.WaitingSignings(ctx, account(ctx), limits(r))
	if err != nil {
		return err
	}
	names, err := s.organizationNames(ctx, each(waiting, func(one db.WaitingSigning) string { return one.Flow.OrganizationID })...)
	if err != nil {
		return err
	}
	data := templates.SigningsData{Bound: account(ctx).PersonID != "", Paging: paging(r, next)}
	for _, one := range waiting {
		data.Waiting = append(data.Waiting, signingRow(one, names))
	}
	return s.render(w, r, http.StatusOK, page{Title: "signings.title", Active: "signings"}, templates.SigningsPage(data))
}

func signingRow(one db.WaitingSigning, names map[string]string) templates.SigningRow {
	return templates.SigningRow{URL: "/signings/" + one.Flow.ID + "/" + one.ID, Name: one.Flow.Name, Sender: names[one.Flow.OrganizationID],
		Organization: one.OrganizationName, Sent: one.Sent, Deadline: one.Flow.Document.Deadline}
}

// openSigning lets the person of the account sign a contract that waits for them: it asks once more who they are, gets a link and a ticket
// from the platform, and hands both to the browser, to post on to the signing page.
func (s *server) openSigning(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := readForm(r); err != nil {
		return err
	}
	a := account(ctx)
	task, err := s.db.WaitingSigning(ctx, a, r.PathValue("flow"), r.PathValue("approver"))
	if err != nil {
		return err
	}
	names, err := s.organizationNames(ctx, task.Flow.OrganizationID)
	if err != nil {
		return err
	}
	data := templates.SigningData{SigningRow: signingRow(task, names), Account: a.Label(), SecondFactor: a.SecondFactor, NoProof: !a.SecondFactor && a.Waiting()}
	p := page{TitleText: task.Flow.Name, Active: "signings", Back: backTo(ctx, "/signings", "signings.title")}
	if !s.proved(ctx, a) {
		asked := r.PostForm.Has("Current") || r.PostForm.Has("Code")
		if !asked {
			return s.render(w, r, http.StatusOK, p, templates.SigningProof(data))
		}
		wait, problem, err := s.prove(w, r, a)
		switch {
		case wait > 0:
			return tooMany(w, wait)
		case err != nil:
			return err
		case problem != nil:
			data.Problems = templates.Problems{*problem}
			return s.renderForm(w, r, p, templates.SigningProof(data))
		}
	}
	if err := s.routing.Tell(ctx); err != nil { // whose account it is
		return err
	}
	resp, err := api.CreateAccountSignUrl.Call(ctx, s.client, &api.CreateAccountSignUrlRequest{FlowId: task.Flow.PlatformID, SignId: task.SignID, UserId: task.UserID,
		AccountId: a.ID, SecondFactor: a.SecondFactor, Deadline: s.linkEnd(task.Flow).Unix()})
	if err != nil {
		return err
	}
	if err := s.db.NoteSigning(ctx, task, a.SecondFactor); err != nil {
		return err
	}
	data.Next, data.Ticket = resp.SignUrl+"/account", resp.Ticket
	next, err := url.Parse(resp.SignUrl)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", strings.Replace(policy, "form-action 'self'", "form-action 'self' "+next.Scheme+"://"+next.Host, 1))
	return s.render(w, r, http.StatusOK, p, templates.SigningOpen(data))
}

// proofKind is by what an account shows before it signs that it is they who sit there.
func proofKind(a db.Account) string {
	if a.SecondFactor {
		return "code"
	}
	return "password"
}

// proved tells that the session has shown so a short while ago.
func (s *server) proved(ctx context.Context, a db.Account) bool {
	kept, _ := exchangeOf(ctx).session.Values[sessionProof].(string)
	kind, at, _ := strings.Cut(kept, " ")
	seconds, err := strconv.ParseInt(at, 10, 64)
	return err == nil && kind == proofKind(a) && s.now().Sub(time.Unix(seconds, 0)) < proofLife
}

// prove takes the code of the second factor, or the password of an account that has none, and keeps it in the session.
func (s *server) prove(w http.ResponseWriter, r *http.Request, a db.Account) (wait time.Duration, problem *templates.Problem, err error) {
	ctx := r.Context()
	if a.SecondFactor {
		wait, err = s.tryCode(ctx, a, r.PostForm.Get("Code"))
	} else {
		wait, err = s.tryPassword(ctx, a, r.PostForm.Get("Current"))
	}
	switch {
	case errors.Is(err, auth.ErrCode):
		return 0, &templates.Problem{Field: "Code", Rule: "factor_code"}, nil
	case errors.Is(err, auth.ErrPassword):
		return 0, &templates.Problem{Field: "Current", Rule: "password_current"}, nil
	case err != nil || wait > 0:
		return wait, nil, err
	}
	session := exchangeOf(ctx).session
	session.Values[sessionProof] = proofKind(a) + " " + strconv.FormatInt(s.now().Unix(), 10)
	return 0, nil, session.Save(r, w)
}
