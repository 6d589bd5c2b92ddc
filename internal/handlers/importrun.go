package handlers

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/web/templates"
)

// heldImports are the rows of the imports under way, by the import's id.
type heldImports struct {
	mu   sync.Mutex
	held map[string]*heldImport
}

type heldImport struct {
	working sync.Mutex // one request at a time makes rows
	items   map[int]importItem
	touched time.Time
}

// hold keeps rows, and lets go of those that nobody has touched for long.
func (h *heldImports) hold(id string, items map[int]importItem, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held == nil {
		h.held = make(map[string]*heldImport)
	}
	for other, i := range h.held {
		if now.Sub(i.touched) > importLife {
			delete(h.held, other)
		}
	}
	h.held[id] = &heldImport{items: items, touched: now}
}

// get returns the rows of an import; nil: the file is needed again.
func (h *heldImports) get(id string, now time.Time) *heldImport {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := h.held[id]; i != nil && now.Sub(i.touched) <= importLife {
		i.touched = now
		return i
	}
	return nil
}

func (h *heldImports) drop(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.held, id)
}

// runImport makes rows for a while. The page asks for more until none is left.
func (s *server) runImport(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	i, err := s.ownImport(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	d := templates.ImportProgress{Running: true}
	if held := s.imports.get(i.ID, s.now()); held != nil && held.working.TryLock() {
		defer held.working.Unlock()
		d.Refusal, err = s.makeRows(r, i, held)
		d.Running = d.Refusal == ""
	}
	if err != nil {
		return err
	}
	if !isPartial(r) {
		if d.Refusal != "" {
			s.flash(r, "danger", "imports.paused", "Reason", d.Refusal)
		}
		return s.redirect(w, r, "/imports/"+i.ID)
	}
	return s.importProgress(w, r, http.StatusOK, d)
}

// makeRows works on rows until its time is over, none is left, or the platform does not answer; refusal then says so.
func (s *server) makeRows(r *http.Request, i db.Import, held *heldImport) (refusal string, err error) {
	ctx := r.Context()
	for end := time.Now().Add(importSlice); time.Now().Before(end); {
		row, err := s.db.BeginImportRow(ctx, i.ID)
		if errors.Is(err, db.ErrNotFound) {
			return "", s.dropWhenDone(ctx, i)
		}
		if err != nil {
			return "", err
		}
		err = s.makeRow(r, i.Kind, row, held.items[row.Line])
		var platform *api.Error
		switch {
		case errors.As(err, &platform):
			row.State, row.Problem = db.ImportRowFailed, platform.Code
		case err != nil:
			text, ok := s.refusal(r, err)
			if !ok {
				return "", err
			}
			return text, nil
		default:
			row.State, row.ObjectID = db.ImportRowDone, row.OpenID
		}
		if err := s.db.FinishImportRow(ctx, i.ID, row); err != nil {
			return "", err
		}
	}
	return "", nil
}

// dropWhenDone forgets what a file said when every row of it is made. Refused rows may be tried again.
func (s *server) dropWhenDone(ctx context.Context, i db.Import) error {
	i, err := s.db.Import(ctx, i.AccountID, i.ID)
	if err == nil && i.Counts[db.ImportRowFailed] == 0 {
		s.imports.drop(i.ID)
	}
	return err
}

// makeRow makes one person or organisation under the id that was chosen for it, unless the platform has it from an attempt before.
func (s *server) makeRow(r *http.Request, kind string, row db.ImportRow, item importItem) error {
	ctx := r.Context()
	if kind == db.ImportOrganizations {
		d := item.organization
		d.Form.OpenId = row.OpenID
		if row.State == db.ImportRowBegun {
			o, err := s.madeOrganization(ctx, d.Form)
			if err != nil {
				return err
			}
			if o.ID != "" {
				return s.keepOrganization(ctx, o, "", d.Form)
			}
		}
		o, sealID, err := s.registerOrganization(r, d)
		if err != nil {
			return err
		}
		return s.keepOrganization(ctx, o, sealID, d.Form)
	}
	d := item.user
	d.Form.OpenId = row.OpenID
	if row.State == db.ImportRowBegun {
		u, err := s.madeUser(ctx, d.Form)
		if err != nil {
			return err
		}
		if u.ID != "" {
			return s.keepUser(ctx, u, "", d)
		}
	}
	u, sealID, err := s.registerUser(r, d)
	if err != nil {
		return err
	}
	return s.keepUser(ctx, u, sealID, d)
}
