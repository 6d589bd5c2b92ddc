package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/db"
)

// CallbackPath is where the platform tells the portal that something has happened to a flow.
const CallbackPath = "/callbacks/essbasic"

// maxCallbackID bounds an id that somebody sends us.
const maxCallbackID = 64

// receiveCallback takes a hint of the platform. It is signed with the token that both sides know; what it says is not believed: the platform
// is asked. Only then it is acknowledged, so that it comes again when that failed.
func (s *server) receiveCallback(w http.ResponseWriter, r *http.Request) error {
	if s.callbackKeys == nil {
		return db.ErrNotFound
	}
	keys, err := s.callbackKeys(r.Context())
	if err != nil {
		return err
	}
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return plain(w, http.StatusRequestEntityTooLarge, "body")
	}
	body, err := keys.Open(sent, r.Header.Get(api.CallbackSignature))
	if err != nil {
		s.log.WarnContext(r.Context(), "a callback is not signed by the platform", "request", exchangeOf(r.Context()).id)
		because(r.Context(), refusedUnsigned)
		return plain(w, http.StatusUnauthorized, "signature")
	}
	var hint api.Callback
	if err := json.Unmarshal(body, &hint); err != nil || hint.FlowId == "" {
		return plain(w, http.StatusBadRequest, "body")
	}
	id := r.Header.Get(api.CallbackID)
	if id == "" || len(id) > maxCallbackID {
		id = api.CallbackEventID(body)
	}
	if err := s.followCallback(r, id, hint); err != nil {
		return err
	}
	return plain(w, http.StatusOK, "ok")
}

// followCallback asks the platform about the flow, once for each callback. A flow that is not the portal's is nothing to do.
func (s *server) followCallback(r *http.Request, id string, hint api.Callback) error {
	x := exchangeOf(r.Context())
	// Whoever waits for the answer may give up; what has begun is finished all the same.
	ctx := audit.WithActor(context.WithoutCancel(r.Context()), audit.Actor{Name: audit.ActorCallback, Role: audit.RoleSystem, IP: x.address, RequestID: x.id})
	seen, err := s.db.CallbackSeen(ctx, id)
	if err != nil || seen {
		return err
	}
	flowID, err := s.db.FlowByPlatformID(ctx, hint.FlowId)
	switch {
	case errors.Is(err, db.ErrNotFound):
	case err != nil:
		return err
	case hint.Operate == "start": // the portal's own sending, which is under way
	default:
		if err := s.watch.Refresh(ctx, flowID); err != nil {
			return err
		}
	}
	return s.db.CallbackDone(ctx, id)
}
