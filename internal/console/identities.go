package console

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

func (s *server) listIdentities(w http.ResponseWriter, r *http.Request) error {
	return s.identityPage(w, r, http.StatusOK, "")
}

func (s *server) identityPage(w http.ResponseWriter, r *http.Request, status int, refusal string) error {
	q := r.URL.Query()
	list, next, err := s.engine.ListIdentities(r.Context(), q.Get("q"), q.Get("after"), pageSize)
	if err != nil {
		return err
	}
	d := templates.ConsoleIdentities{Query: q.Get("q"), Refusal: refusal}
	if next != "" {
		d.Paging.Next = Prefix + "identities?" + url.Values{"q": {d.Query}, "after": {next}}.Encode()
	}
	if q.Get("after") != "" {
		d.Paging.First = Prefix + "identities?" + url.Values{"q": {d.Query}}.Encode()
	}
	for _, i := range list {
		d.Rows = append(d.Rows, identityView(i))
	}
	frame := templates.ConsoleData{Active: "identities",
		Action: templates.ButtonLink(templates.Link{URL: Prefix + "identities/new", Text: i18n.T(r.Context(), "console.identity.new"), Icon: "plus"}, "primary")}
	if added, err := strconv.Atoi(q.Get("added")); err == nil {
		replaced, _ := strconv.Atoi(q.Get("replaced")) //nolint:errcheck // 0 where somebody changed the address
		frame.Flash = &templates.Flash{Kind: "ok", Text: i18n.T(r.Context(), "console.identities.imported", "Added", added, "Replaced", replaced)}
	}
	return s.show(w, r, status, frame, templates.ConsoleIdentityList(d))
}

func identityView(i engine.Identity) templates.ConsoleIdentity {
	return templates.ConsoleIdentity{ID: i.ID, Name: i.Name, IDCard: i.IDCard, Mobile: i.Mobile, BankCard: i.BankCard, IDCardResult: i.IDCardResult,
		MobileResult: i.MobileResult, BankCardResult: i.BankCardResult, FaceResult: i.FaceResult}
}

// newIdentity is the path value that stands for a row that does not exist yet.
const newIdentity = "new"

func (s *server) showIdentity(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if id == newIdentity {
		return s.identityForm(w, r, http.StatusOK, templates.ConsoleIdentity{ID: newIdentity})
	}
	i, err := s.engine.FindIdentity(r.Context(), id)
	if errors.Is(err, engine.ErrIdentityUnknown) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	return s.identityForm(w, r, http.StatusOK, identityView(i))
}

func (s *server) identityForm(w http.ResponseWriter, r *http.Request, status int, d templates.ConsoleIdentity) error {
	frame := templates.ConsoleData{Title: d.Name, Active: "identities",
		Back: &templates.Link{URL: Prefix + "identities", Text: i18n.T(r.Context(), "console.nav.identities")}}
	if d.ID == newIdentity {
		frame.Title = i18n.T(r.Context(), "console.identity.new")
	} else {
		frame.Action = templates.PostButton(Prefix+"identities/"+d.ID+"/delete", i18n.T(r.Context(), "console.identity.delete"), "trash", "danger")
	}
	return s.show(w, r, status, frame, templates.ConsoleIdentityForm(d))
}

func (s *server) saveIdentity(w http.ResponseWriter, r *http.Request) error {
	i := engine.Identity{ID: r.PathValue("id"), Name: r.PostFormValue("name"), IDCard: r.PostFormValue("id_card"), Mobile: r.PostFormValue("mobile"),
		BankCard: r.PostFormValue("bank_card"), IDCardResult: r.PostFormValue("id_card_result"), MobileResult: r.PostFormValue("mobile_result"),
		BankCardResult: r.PostFormValue("bank_card_result"), FaceResult: r.PostFormValue("face_result")}
	d := identityView(i)
	if i.ID == newIdentity {
		i.ID = ""
	}
	_, err := s.engine.PutIdentity(r.Context(), i)
	var wrong *engine.IdentityError
	switch {
	case errors.As(err, &wrong) && wrong.Field == "":
		d.Refusal = i18n.RuleText(r.Context(), "identity_"+wrong.Rule, "")
		return s.identityForm(w, r, http.StatusUnprocessableEntity, d)
	case errors.As(err, &wrong):
		d.Problems = templates.Problems{{Field: wrong.Field, Rule: "identity_" + wrong.Rule}}
		return s.identityForm(w, r, http.StatusUnprocessableEntity, d)
	case errors.Is(err, engine.ErrIdentityUnknown):
		return errNoPage
	case err != nil:
		return err
	}
	return done(w, r, "identities", "saved")
}

func (s *server) deleteIdentity(w http.ResponseWriter, r *http.Request) error {
	err := s.engine.DeleteIdentity(r.Context(), r.PathValue("id"))
	if errors.Is(err, engine.ErrIdentityUnknown) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	return done(w, r, "identities", "deleted")
}

func (s *server) importIdentities(w http.ResponseWriter, r *http.Request) error {
	file, _, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return s.identityPage(w, r, http.StatusUnprocessableEntity, i18n.RuleText(r.Context(), "identity_empty", ""))
	}
	if err != nil {
		return err
	}
	defer file.Close()
	added, replaced, err := s.engine.ImportIdentities(r.Context(), file)
	var wrong *engine.IdentityError
	if errors.As(err, &wrong) {
		return s.identityPage(w, r, http.StatusUnprocessableEntity, i18n.T(r.Context(), "console.identities.import.refused", "Line", wrong.Line,
			"Field", wrong.Field, "Problem", i18n.RuleText(r.Context(), "identity_"+wrong.Rule, "")))
	}
	if err != nil {
		return err
	}
	query := url.Values{"added": {strconv.Itoa(added)}, "replaced": {strconv.Itoa(replaced)}}
	http.Redirect(w, r, Prefix+"identities?"+query.Encode(), http.StatusSeeOther)
	return nil
}

func (s *server) exportIdentities(w http.ResponseWriter, r *http.Request) error {
	var file bytes.Buffer
	if err := s.engine.ExportIdentities(r.Context(), &file); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="identities.csv"`)
	if _, err := w.Write(file.Bytes()); err != nil {
		s.logger.DebugContext(r.Context(), "console: the reader has gone", "error", err)
	}
	return nil
}
