package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/store"
)

// The component types that the builder offers, in the platform's spelling.
const (
	SignSeal      = "SIGN_SEAL"
	SignSignature = "SIGN_SIGNATURE"
	SignDate      = "SIGN_DATE"
	FillText      = "TEXT"
	FillDate      = "DATE"
	FillSelect    = "SELECT"
)

// Component is a field that a draft places on a page. X and Y are the top left corner in points from the top left of the page as
// shown, y down; Page counts from 1, FileIndex from 0.
type Component struct {
	ID        string  `json:"id"`
	Type      string  `json:"type"`
	Approver  string  `json:"approver"`
	FileIndex int     `json:"fileIndex"`
	Page      int     `json:"page"`
	X         float64 `json:"x"`
	Y         float64 `json:"y"`
	Width     float64 `json:"width"`
	Height    float64 `json:"height"`
	Required  bool    `json:"required"`
	Name      string  `json:"name"`
	Value     string  `json:"value"`
	// Extra is the platform's ComponentExtra: JSON with the style, and of a SELECT the choices as Values.
	Extra string `json:"extra,omitempty"`
	// Mode is one of the Place constants. Anchor is the form field or the keyword, ^k^ for one that stands alone, and Rule tells where at
	// the keyword; X, Y and Page are where that is in the draft's file.
	Mode   int64  `json:"mode,omitempty"`
	Anchor string `json:"anchor,omitempty"`
	Rule   string `json:"rule,omitempty"` // the platform's GenerateExtra
	// Movable lets the signer move the seal about (SealOperate 1).
	Movable bool `json:"movable,omitempty"`
}

// How a component is placed, as the platform's GenerateMode.
const (
	PlaceByPoint   = 0
	PlaceByField   = 1
	PlaceByKeyword = 3
)

// Signs tells whether the component is a seal or a signature, of which every approver needs one.
func (c Component) Signs() bool { return c.Type == SignSeal || c.Type == SignSignature }

// Fills tells whether the sender gives the component its value.
func (c Component) Fills() bool { return !strings.HasPrefix(c.Type, "SIGN_") }

// Dated is how the component writes a day, which is given as yyyy-mm-dd; another text stays as it is.
func (c Component) Dated(value string) string {
	var extra struct{ Format string }
	day, err := time.Parse(time.DateOnly, value)
	if err != nil || c.Extra != "" && json.Unmarshal([]byte(c.Extra), &extra) != nil {
		return value
	}
	return api.FormatDate(extra.Format, day)
}

// Choices are those of a SELECT.
func (c Component) Choices() []string {
	var extra struct{ Values []string }
	if c.Type != FillSelect || json.Unmarshal([]byte(c.Extra), &extra) != nil {
		return nil
	}
	return extra.Values
}

// DraftApprover is a person who is to sign, for an organisation or as themselves. In a template it is a role that nobody has yet.
type DraftApprover struct {
	ID               string   `json:"id"`
	Role             string   `json:"role,omitempty"`            // its name in the template
	ForOrganization  bool     `json:"forOrganization,omitempty"` // a role: whoever gets it signs for an organisation
	UserID           string   `json:"userId"`
	UserName         string   `json:"userName"`
	OrganizationID   string   `json:"organizationId"` // empty: as a person
	OrganizationName string   `json:"organizationName"`
	Channels         []string `json:"channels"` // how they may prove their will: the platform's VerifyChannel
	Step             int      `json:"step"`     // from 1; people of one step sign in parallel
	FullText         bool     `json:"fullText"` // must read to the end
	// PreRead is how long they must read, in seconds.
	PreRead int64 `json:"preRead,omitempty"`
	// Deadline is theirs alone; zero: the contract's.
	Deadline time.Time `json:"deadline,omitzero"`
}

// DraftApproval is an account of the portal, or anybody of a role, who must approve before the steps after it are sent (用印审批).
type DraftApproval struct {
	ID        string    `json:"id"`
	Step      int       `json:"step"` // shares its numbers with the steps of approvers; a step has one kind or the other
	AccountID string    `json:"accountId,omitempty"`
	Role      auth.Role `json:"role,omitempty"`
	Name      string    `json:"name,omitempty"` // of the account
}

// DraftCopy is somebody who gets a link to read the contract.
type DraftCopy struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	AtSending bool   `json:"atSending,omitempty"` // already when it is sent, not only when it is complete
}

// Label is the approver in one line: who signs for whom, or the role.
func (a DraftApprover) Label() string {
	if a.UserID == "" {
		return a.Role
	}
	return PartyLabel(a.UserName, a.OrganizationName)
}

// PartyLabel is a person and the organisation that they act for in one line; the organisation may be empty.
func PartyLabel(person, organization string) string {
	if organization == "" {
		return person
	}
	return person + " · " + organization
}

// DraftDocument is what a draft says, and what a flow keeps of it.
type DraftDocument struct {
	Template    *TemplateTerms  `json:"template,omitempty"` // nil: no template
	OperatorID  string          `json:"operatorId"`         // the person in whose name the flow is started
	Type        string          `json:"type"`
	Description string          `json:"description"`
	Deadline    time.Time       `json:"deadline"`
	Files       []string        `json:"files"` // ids, in the order of FileIndex
	Approvers   []DraftApprover `json:"approvers"`
	Components  []Component     `json:"components"`
	Approvals   []DraftApproval `json:"approvals,omitempty"`
	// Needs is how many of a step must sign or approve, by the step's number; a step without an entry needs all.
	Needs  map[int]int `json:"needs,omitempty"`
	Copies []DraftCopy `json:"copies,omitempty"`
	Remind RemindRule  `json:"remind,omitzero"`
}

// Draft is a flow that has not been sent. Every save raises its revision, so that two people cannot overwrite each other unseen.
type Draft struct {
	ID             string
	Revision       int64
	OrganizationID string // initiating organisation
	Name           string
	DraftDocument
	CreatedBy string
	Created   time.Time
	Updated   time.Time
}

// StaleError tells that somebody else saved the draft in between; Revision is the one that stands.
type StaleError struct{ Revision int64 }

func (e *StaleError) Error() string {
	return fmt.Sprintf("the draft is at revision %d by now", e.Revision)
}

// kind is what the draft is called in the audit log; its plural counts it and finds it.
func (r Draft) kind() string {
	if r.Template != nil {
		return "template"
	}
	return "draft"
}

// ArrangeFiles keeps the files at the given places in that order. The components follow their files; those of files that are left out
// go with them.
func (r *Draft) ArrangeFiles(order []int) {
	files, places := make([]string, len(order)), map[int]int{}
	for to, from := range order {
		files[to], places[from] = r.Files[from], to
	}
	kept := make([]Component, 0, len(r.Components))
	for _, c := range r.Components {
		if to, ok := places[c.FileIndex]; ok {
			c.FileIndex = to
			kept = append(kept, c)
		}
	}
	r.Files, r.Components = files, kept
}

const draftColumns = `id, revision, organization_id, name, document, created_by, created, updated`

func scanDraft(row interface{ Scan(...any) error }) (Draft, error) {
	var r Draft
	var created, updated int64
	var document string
	if err := row.Scan(&r.ID, &r.Revision, &r.OrganizationID, &r.Name, &document, &r.CreatedBy, &created, &updated); err != nil {
		return r, missing(err)
	}
	r.Created, r.Updated = store.Time(created), store.Time(updated)
	return r, json.Unmarshal([]byte(document), &r.DraftDocument)
}

// CreateDraft stores a draft at revision 1.
func (d *DB) CreateDraft(ctx context.Context, r Draft) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		if err := insertDraft(ctx, tx, r); err != nil {
			return err
		}
		return d.note(ctx, tx, r.kind()+".create", r.kind(), r.ID, map[string]any{"name": r.Name, "organization": r.OrganizationID})
	})
}

func insertDraft(ctx context.Context, tx *store.Tx, r Draft) error {
	document, err := json.Marshal(r.DraftDocument)
	if err != nil {
		return fmt.Errorf("create draft: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO drafts (id, revision, template, organization_id, name, document, created_by, created, updated)
		VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $7)`, r.ID, flag(r.Template != nil), r.OrganizationID, r.Name, string(document), r.CreatedBy, store.Micros(r.Created))
	if err != nil {
		return fmt.Errorf("create draft: %w", err)
	}
	if err := indexTemplate(ctx, tx, r); err != nil {
		return err
	}
	return bump(ctx, tx, r.kind()+"s", r.OrganizationID, 1)
}

// Draft returns a draft or a template within the scope.
func (d *DB) Draft(ctx context.Context, scope Scope, id string) (Draft, error) {
	var r Draft
	err := d.store.Read(ctx, func(tx *store.Tx) (err error) {
		r, err = findDraft(ctx, tx, scope, id)
		return err
	})
	return r, err
}

func findDraft(ctx context.Context, tx *store.Tx, scope Scope, id string) (Draft, error) {
	within, args := scope.clause("organization_id", 1)
	r, err := scanDraft(tx.QueryRow(ctx, `SELECT `+draftColumns+` FROM drafts WHERE id = $1`+within, append([]any{id}, args...)...))
	if err != nil {
		return Draft{}, fmt.Errorf("draft: %w", err)
	}
	return r, nil
}

// Drafts lists the drafts of a scope, without templates, newest first; next is where the following page starts, empty at the end.
func (d *DB) Drafts(ctx context.Context, scope Scope, page Page) (all []Draft, next string, err error) {
	within, args := scope.clause("organization_id", 0)
	return d.listDrafts(ctx, "template = 0"+within, args, page)
}

func (d *DB) listDrafts(ctx context.Context, where string, args []any, page Page) (all []Draft, next string, err error) {
	after, more := page.clause("created", "id", len(args))
	query := fmt.Sprintf(`SELECT %s FROM main.drafts WHERE %s%s ORDER BY created DESC, id DESC LIMIT %d`, draftColumns, where, after, page.limit())
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, query, append(args, more...)...)
		if err != nil {
			return fmt.Errorf("list drafts: %w", err)
		}
		all, err = collect(rows, scanDraft)
		return err
	})
	all, next = cut(page, all, func(r Draft) (time.Time, string) { return r.Created, r.ID })
	return all, next, err
}

// DraftsBy lists the newest drafts that an account has begun, within its scope.
func (d *DB) DraftsBy(ctx context.Context, scope Scope, name string, limit int) (all []Draft, err error) {
	within, args := scope.clause("organization_id", 1)
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, fmt.Sprintf(`SELECT %s FROM main.drafts INDEXED BY drafts_creator WHERE created_by = $1%s ORDER BY created DESC, id DESC LIMIT %d`, draftColumns,
			within, limit), append([]any{name}, args...)...)
		if err != nil {
			return fmt.Errorf("list drafts: %w", err)
		}
		all, err = collect(rows, scanDraft)
		return err
	})
	return all, err
}

// SaveDraft changes a draft in one transaction. revision is the one that the change is based on; 0 takes whichever stands. The
// answer is the draft as it is then; an error is a *StaleError when somebody else was first.
func (d *DB) SaveDraft(ctx context.Context, scope Scope, id string, revision int64, change func(*Draft) error) (Draft, error) {
	var r Draft
	err := d.store.Write(ctx, func(tx *store.Tx) (err error) {
		if r, err = findDraft(ctx, tx, scope, id); err != nil {
			return err
		}
		if revision != 0 && revision != r.Revision {
			return &StaleError{Revision: r.Revision}
		}
		before := r
		if err := change(&r); err != nil {
			return err
		}
		if before.OrganizationID != r.OrganizationID {
			if err := errors.Join(bump(ctx, tx, r.kind()+"s", before.OrganizationID, -1), bump(ctx, tx, r.kind()+"s", r.OrganizationID, 1)); err != nil {
				return err
			}
		}
		if before.Name != r.Name {
			if err := indexTemplate(ctx, tx, r); err != nil {
				return err
			}
		}
		document, err := json.Marshal(r.DraftDocument)
		if err != nil {
			return fmt.Errorf("save draft: %w", err)
		}
		r.Revision++
		r.Updated = d.now()
		if _, err := tx.Exec(ctx, `UPDATE drafts SET revision = $1, organization_id = $2, name = $3, document = $4, updated = $5 WHERE id = $6`,
			r.Revision, r.OrganizationID, r.Name, string(document), store.Micros(r.Updated), id); err != nil {
			return fmt.Errorf("save draft: %w", err)
		}
		return d.note(ctx, tx, r.kind()+".save", r.kind(), id, map[string]any{"revision": r.Revision, "files": len(r.Files), "approvers": len(r.Approvers), "components": len(r.Components)})
	})
	if err != nil {
		return Draft{}, err
	}
	return r, nil
}

// DeleteDraft removes a draft or a template. Its files stay in the list of files.
func (d *DB) DeleteDraft(ctx context.Context, scope Scope, id string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		r, err := findDraft(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		if err := removeDraft(ctx, tx, r); err != nil {
			return err
		}
		return d.note(ctx, tx, r.kind()+".delete", r.kind(), id, map[string]any{"name": r.Name})
	})
}

func removeDraft(ctx context.Context, tx *store.Tx, r Draft) error {
	if _, err := tx.Exec(ctx, `DELETE FROM drafts WHERE id = $1`, r.ID); err != nil {
		return fmt.Errorf("delete draft: %w", err)
	}
	if r.Template != nil {
		if err := unindex(ctx, tx, "templates", r.ID); err != nil {
			return err
		}
	}
	return bump(ctx, tx, r.kind()+"s", r.OrganizationID, -1)
}

// actorName is who acts according to the context, for lists and timelines.
func actorName(ctx context.Context) string { return audit.ActorFrom(ctx).Name }
