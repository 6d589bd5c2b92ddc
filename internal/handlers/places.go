package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"sealdesk/internal/db"
	"sealdesk/internal/files"
	"sealdesk/internal/i18n"
	"sealdesk/internal/pdf"
	"sealdesk/internal/routing"
)

// maxPlaces bounds what one search answers; more components than that a draft may not have.
const maxPlaces = 500

// foundPlace is where a keyword stands, or a form field; in points from the top left of its page.
type foundPlace struct {
	FileIndex int     `json:"fileIndex"`
	Page      int     `json:"page"`
	X         float64 `json:"x"`
	Y         float64 `json:"y"`
	Width     float64 `json:"width"`
	Height    float64 `json:"height"`
	Name      string  `json:"name"`    // the keyword as it was typed, or the field
	Keyword   string  `json:"keyword"` // as the platform knows it; empty for a field
	Index     int     `json:"index"`   // which of the keyword's places in its file, from 0
}

// findPlaces finds a keyword in the files of a draft, or without one the fields of their forms. It is a POST since keywords may be names
// of people, which do not belong into an address.
func (s *server) findPlaces(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	draft, err := s.db.Draft(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := readForm(r); err != nil {
		return err
	}
	keyword := strings.TrimSpace(r.PostFormValue("keyword"))
	if utf8.RuneCountInString(keyword) > 100 {
		return &badRequest{fmt.Errorf("places: a keyword of %d bytes", len(keyword))}
	}
	all, err := s.db.FilesByID(ctx, db.Everything(), draft.Files)
	if err != nil {
		return err
	}
	found := []foundPlace{}
	for i, f := range all {
		data, err := s.files.Get(ctx, files.Ref(f.Ref))
		if err != nil {
			return fmt.Errorf("places: %w", err)
		}
		places, err := s.placesIn(ctx, data, keyword, r.PostFormValue("alone") == "true")
		if err != nil {
			return fmt.Errorf("places: %w", err)
		}
		for _, p := range places {
			p.FileIndex = i
			found = append(found, p)
		}
	}
	return writeJSON(w, http.StatusOK, found[:min(len(found), maxPlaces)])
}

// placesIn searches one file.
func (s *server) placesIn(ctx context.Context, data []byte, keyword string, alone bool) (found []foundPlace, err error) {
	if keyword == "" {
		fields, err := pdf.FormFields(data)
		for _, f := range fields {
			found = append(found, foundPlace{Page: f.Page, X: f.X, Y: f.Y, Width: f.Width, Height: f.Height, Name: f.Name})
		}
		return found, err
	}
	hits, err := s.renderer.Find(ctx, data, keyword)
	for _, h := range hits {
		if alone && !h.Alone {
			continue
		}
		p := foundPlace{Page: h.Page, X: h.X, Y: h.Y, Width: h.Width, Height: h.Height, Name: keyword, Keyword: keyword, Index: len(found)}
		if alone {
			p.Keyword = "^" + keyword + "^"
		}
		found = append(found, p)
	}
	return found, err
}

// copyDraft keeps the builder's work as a draft of its own when somebody else has changed the draft meanwhile. The files are those that
// the builder was opened with; components of people who have left the draft are left out.
func (s *server) copyDraft(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	draft, err := s.db.Draft(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	var in struct {
		Files      []string       `json:"files"`
		Components []db.Component `json:"components"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return &badRequest{fmt.Errorf("copy: %w", err)}
	}
	if len(in.Files) > maxFiles {
		return &badRequest{fmt.Errorf("copy: %d files", len(in.Files))}
	}
	all, err := s.draftOrOwnFiles(ctx, draft, in.Files)
	if err != nil {
		return err
	}
	draft.Files = in.Files
	placed, _, wrong := routing.Place(in.Components, all, draft.Approvers)
	if len(placed) == 0 && len(wrong) > 0 {
		return &badRequest{wrong[0]}
	}
	draft.ID, draft.CreatedBy, draft.Created, draft.Components = randomID(), account(ctx).DisplayName, s.now(), placed
	draft.Name = i18n.T(ctx, "builder.copy.name", "Name", clip(draft.Name, 180))
	if err := s.db.CreateDraft(ctx, draft); err != nil {
		return err
	}
	s.flash(r, "ok", "builder.copy.flash")
	return writeJSON(w, http.StatusCreated, copied{URL: "/drafts/" + draft.ID + "/builder"})
}

// copied is where a copy lies.
type copied struct {
	URL string `json:"url"`
}

// draftOrOwnFiles returns files that stand in the draft, which everybody who may edit it sees, or that the account reaches by itself.
func (s *server) draftOrOwnFiles(ctx context.Context, draft db.Draft, ids []string) (all []db.File, err error) {
	inDraft := map[string]bool{}
	for _, id := range draft.Files {
		inDraft[id] = true
	}
	for _, id := range ids {
		reach := scope(ctx)
		if inDraft[id] {
			reach = db.Everything()
		}
		f, err := s.db.File(ctx, reach, id)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}
