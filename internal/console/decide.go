package console

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// listLimit bounds the lists that have no pages.
const listLimit = 200

func (s *server) listMessages(w http.ResponseWriter, r *http.Request) error {
	before := r.URL.Query().Get("before")
	list, next, err := s.engine.ListMessages(r.Context(), before, pageSize)
	if err != nil {
		return err
	}
	var paging templates.Paging
	if before != "" {
		paging.First = Prefix + "messages"
	}
	if next != "" {
		paging.Next = Prefix + "messages?before=" + next
	}
	var rows []templates.ConsoleMessage
	for _, m := range list {
		rows = append(rows, templates.ConsoleMessage{Recipient: m.Recipient, Body: m.Body, Way: m.Way, State: m.State, Error: m.Error, Created: m.Created, Delivered: m.Delivered})
	}
	return s.show(w, r, http.StatusOK, templates.ConsoleData{Active: "messages"}, templates.ConsoleMessages(rows, paging))
}

func (s *server) listReviews(w http.ResponseWriter, r *http.Request) error {
	return s.reviewPage(w, r, http.StatusOK, "")
}

func (s *server) reviewPage(w http.ResponseWriter, r *http.Request, status int, refusal string) error {
	list, err := s.engine.ListReviews(r.Context(), listLimit)
	if err != nil {
		return err
	}
	d := templates.ConsoleReviews{Refusal: refusal}
	for _, v := range list {
		open := v.Decided.IsZero() && v.Status == engine.ApproverReview
		d.Rows = append(d.Rows, templates.ConsoleReview{
			ID: v.ID, FlowID: v.FlowID, FlowName: v.FlowName, Signer: v.Signer, Organization: v.Organization, Proof: v.Proof, Message: v.Message,
			Address: v.SourceIP, Note: v.Note, Open: open, Accepted: v.Accepted, Ended: v.Decided.IsZero() && !open, Created: v.Created, Decided: v.Decided,
		})
	}
	return s.show(w, r, status, templates.ConsoleData{Active: "reviews"}, templates.ConsoleReviewList(d))
}

func (s *server) decideReview(w http.ResponseWriter, r *http.Request) error {
	accept := r.PostFormValue("accept") == "1"
	err := s.engine.DecideReview(r.Context(), r.PathValue("id"), accept, strings.TrimSpace(r.PostFormValue("note")))
	var refused *api.Error
	switch {
	case errors.Is(err, engine.ErrReviewUnknown):
		return errNoPage
	case errors.Is(err, engine.ErrReviewDecided):
		return s.reviewPage(w, r, http.StatusConflict, i18n.T(r.Context(), "console.review.already"))
	case errors.As(err, &refused):
		return s.reviewPage(w, r, http.StatusConflict, refusalText(r, refused))
	case err != nil:
		return err
	}
	return done(w, r, "reviews", "decided")
}

// refusalText says in the reader's language what a code means, and the particulars as programs get them.
func refusalText(r *http.Request, refused *api.Error) string {
	return i18n.ErrorText(r.Context(), refused.Code) + " (" + refused.Message + ")"
}

func (s *server) listFaces(w http.ResponseWriter, r *http.Request) error {
	return s.facePage(w, r, http.StatusOK, templates.ConsoleFaces{})
}

// showAPITicket is listFaces with the api_ticket. It is a POST, so that no history leads to it.
func (s *server) showAPITicket(w http.ResponseWriter, r *http.Request) error {
	return s.facePage(w, r, http.StatusOK, templates.ConsoleFaces{APITicket: s.engine.FaceAPITicket()})
}

var checkStates = map[engine.CheckState]string{engine.CheckWaiting: "waiting", engine.CheckPassed: "passed", engine.CheckFailed: "failed"}

func (s *server) facePage(w http.ResponseWriter, r *http.Request, status int, d templates.ConsoleFaces) error {
	list, err := s.engine.ListChecks(r.Context(), listLimit)
	if err != nil {
		return err
	}
	for _, c := range list {
		d.Rows = append(d.Rows, templates.ConsoleCheck{
			Name: c.Name, IDCard: c.IDCardMasked(), Channel: c.Channel, State: checkStates[c.State], Ticket: c.Ticket, UserID: c.UserID, Used: c.Used,
			Created: c.Created, Decided: c.Decided, LiveRate: strconv.FormatInt(c.LiveRate, 10), Likeness: strconv.FormatFloat(c.Similarity, 'f', -1, 64),
		})
	}
	return s.show(w, r, status, templates.ConsoleData{Active: "faces"}, templates.ConsoleFaceList(d))
}

// beginCheck begins a check of somebody and leads to its page, which shows the ticket.
func (s *server) beginCheck(w http.ResponseWriter, r *http.Request) error {
	d := templates.ConsoleFaces{UserID: strings.TrimSpace(r.PostFormValue("user")), Channel: r.PostFormValue("channel")}
	page, err := s.engine.BeginUserCheck(r.Context(), d.UserID, d.Channel)
	var refused *api.Error
	switch {
	case errors.As(err, &refused):
		d.Refusal = refusalText(r, refused)
		return s.facePage(w, r, http.StatusUnprocessableEntity, d)
	case errors.Is(err, engine.ErrCheckChannel):
		return errNoPage
	case err != nil:
		return err
	}
	// The console may be open under another name of this machine than the links of signers.
	http.Redirect(w, r, strings.TrimPrefix(page, s.publicURL), http.StatusSeeOther)
	return nil
}

func (s *server) listCatalogs(w http.ResponseWriter, r *http.Request) error {
	return s.catalogPage(w, r, http.StatusOK, templates.ConsoleCatalogs{})
}

func (s *server) catalogPage(w http.ResponseWriter, r *http.Request, status int, d templates.ConsoleCatalogs) error {
	list, err := s.engine.ListCatalogs(r.Context())
	if err != nil {
		return err
	}
	for _, c := range list {
		d.Rows = append(d.Rows, templates.ConsoleCatalog{ID: c.ID, Name: c.Name, Flows: c.FlowIDs, Created: c.Created})
	}
	return s.show(w, r, status, templates.ConsoleData{Active: "catalogs"}, templates.ConsoleCatalogList(d))
}

// createCatalog takes flow ids separated by white space or commas.
func (s *server) createCatalog(w http.ResponseWriter, r *http.Request) error {
	d := templates.ConsoleCatalogs{Name: strings.TrimSpace(r.PostFormValue("name")), FlowIDs: r.PostFormValue("flows")}
	ids := strings.FieldsFunc(d.FlowIDs, func(c rune) bool { return strings.ContainsRune(" \t\r\n,，;；", c) })
	_, err := s.engine.CreateCatalog(r.Context(), d.Name, ids)
	var refused *api.Error
	if errors.As(err, &refused) {
		d.Refusal = refusalText(r, refused)
		return s.catalogPage(w, r, http.StatusUnprocessableEntity, d)
	}
	if err != nil {
		return err
	}
	return done(w, r, "catalogs", "created")
}
