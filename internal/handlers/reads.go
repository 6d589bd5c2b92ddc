package handlers

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"sealdesk/internal/audit"
	"sealdesk/internal/db"
	"sealdesk/internal/gate"
)

// reads says what of the portal's content a route's answer holds: contracts, people, seals, the trail, the configuration. The gate records it
// before the first byte leaves; no handler does.
type reads struct {
	action string // of the event; empty for nothing
	object string // type of the object
	id     string // the path's value that names the object; empty where there are many
	leaves bool   // the answer is a file to keep: an event each time. Else those of one session become two, see audit.Folder
}

// nothing is for what holds no content but the account's own.
var nothing = reads{}

// changes is for what changes an object and shows nothing of it: its refusals name the object.
func changes(object string) reads { return reads{object: object, id: "id"} }

// listOf is for pages that show many objects of a type, or forms that offer them.
func listOf(object string) reads { return as(object+".read", object, "") }

// one is for pages about one object, whose id the path has.
func one(object string) reads { return as(object+".read", object, "id") }

// as is for other actions and ids than those of one.
func as(action, object, id string) reads { return reads{action: action, object: object, id: id} }

// leaves is for files to keep: downloads and exports.
func leaves(action, object, id string) reads {
	return reads{action: action, object: object, id: id, leaves: true}
}

// tell adds what only a handler knows, such as what was searched for, to the event of the reading. Call it before the answer.
func tell(ctx context.Context, detail map[string]any) { exchangeOf(ctx).told = detail }

// pass runs a route's handler behind the gate.
func (s *server) pass(w http.ResponseWriter, r *http.Request, route route) error {
	if route.Reads.action == "" {
		return route.Handle(w, r)
	}
	out := gate.New(w, func(status int) error {
		if !holdsContent(status, w.Header()) {
			return nil
		}
		return s.noteRead(r, route.Reads, audit.OK)
	})
	err := route.Handle(out, r)
	switch {
	case out.Err() != nil:
		return out.Err()
	case route.Reads.id != "" && errors.Is(err, db.ErrNotFound) && !asksForChange(r):
		return errors.Join(err, s.noteRead(r, route.Reads, audit.Denied)) // it is not there, or not for this account
	}
	return err
}

// holdsContent tells whether an answer shows something. A browser that is told that its copy is good shows that copy, and a form that is
// shown again shows what the form is about. htmx is redirected by an answer without content.
func holdsContent(status int, h http.Header) bool {
	switch {
	case h.Get("HX-Redirect") != "" || status == http.StatusNoContent:
		return false
	case status == http.StatusNotModified || status == http.StatusUnprocessableEntity:
		return true
	}
	return status >= http.StatusOK && status < http.StatusMultipleChoices
}

// noteRead records that the account reads, or was not let read, what the route is about.
func (s *server) noteRead(r *http.Request, what reads, outcome string) error {
	ctx := r.Context()
	e := audit.Event{Actor: audit.ActorFrom(ctx), Action: what.action, ObjectType: what.object, Outcome: outcome, Detail: maps.Clone(exchangeOf(ctx).told)}
	if what.id != "" {
		e.ObjectID = r.PathValue(what.id)
	}
	if outcome == audit.Denied {
		e.ErrorCode = "not_found"
	}
	if r.Method == http.MethodHead { // its answer says that there is something, and how much
		if e.Detail == nil {
			e.Detail = map[string]any{}
		}
		e.Detail["method"] = r.Method
	}
	if what.leaves && outcome == audit.OK {
		return s.record(ctx, e)
	}
	file, page := pageOf(r)
	return s.db.Readings().Note(ctx, audit.Act{Event: e, File: file, Page: page})
}

// pageOf is the page of a document that an address asks for, and its file, both from 1; 0 for none.
func pageOf(r *http.Request) (file, page int) {
	page, err := strconv.Atoi(strings.TrimSuffix(r.PathValue("page"), ".png"))
	if err != nil || page < 1 {
		return 0, 0
	}
	if index, err := strconv.Atoi(r.PathValue("file")); err == nil {
		return index + 1, page
	}
	return 1, page
}
