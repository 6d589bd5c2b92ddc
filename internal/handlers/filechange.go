package handlers

import (
	"errors"
	"net/http"
	"strings"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/web/templates"
)

// fileUses adds to the page of a file which drafts and contracts have it, and what the account may do with it.
func (s *server) fileUses(r *http.Request, d *templates.FileData) error {
	ctx := r.Context()
	d.CanWrite, d.CanAudit = can(ctx, auth.FilesWrite), can(ctx, auth.AuditRead)
	uses, used, err := s.db.FileUses(ctx, scope(ctx), d.ID)
	if err != nil {
		return err
	}
	d.Used = used
	for _, u := range uses {
		link := templates.Link{URL: "/flows/" + u.ID, Text: u.Name, Icon: "contract"}
		if u.Kind == "draft" {
			link.URL, link.Icon = "/drafts/"+u.ID, "draft"
		}
		d.Uses = append(d.Uses, link)
	}
	d.History, err = s.history(ctx, "file", d.ID)
	return err
}

// renameFile gives a file another name.
func (s *server) renameFile(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	name := strings.TrimSpace(r.PostFormValue("Name"))
	if name == "" {
		if _, err := s.db.File(ctx, scope(ctx), r.PathValue("id")); err != nil {
			return err
		}
		return s.filePage(w, r, http.StatusUnprocessableEntity, templates.Problems{{Field: "Name", Rule: "required"}})
	}
	name = cleanName(name)
	if err := s.db.RenameFile(ctx, scope(ctx), r.PathValue("id"), name); err != nil {
		return err
	}
	s.flash(r, "ok", "directory.changed", "Name", name)
	return s.redirect(w, r, "/files/"+r.PathValue("id"))
}

// deleteFile takes a file that nothing uses out of the list.
func (s *server) deleteFile(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, err := s.db.File(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	err = s.db.DeleteFile(ctx, scope(ctx), f.ID)
	if errors.Is(err, db.ErrConflict) {
		return refuse("directory.file.used")
	}
	if err != nil {
		return err
	}
	s.flash(r, "ok", "directory.file.deleted", "Name", f.Name)
	return s.redirect(w, r, "/files")
}
