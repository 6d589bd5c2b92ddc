package engine

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// Reads says what an answer to a link's holder shows. It is the action of its event in the evidence.
type Reads string

// What pages and files by link show.
const (
	ReadsNothing Reads = ""
	ReadsFlow    Reads = "flow.read" // the page of a contract, the list of a catalog, and the pictures of pages
	ReadsFile    Reads = "flow.download"
	ReadsSeal    Reads = "seal.read"  // the picture of a seal
	ReadsCheck   Reads = "check.read" // the page that checks a person
)

// LinkReading is what an answer shows to whoever holds a link.
type LinkReading struct {
	Token      string
	Reads      Reads
	File, Page int    // what is downloaded, or what a picture shows: file from 0, page from 1; Page 0: no picture
	Name       string // of what is downloaded, where the link knows no more; or the id of the seal
	Method     string // of the request
	IP         string
	UserAgent  string
}

// NoteReading writes into the evidence what an answer shows to whom, before it leaves: the link's public name, for a signing link the signer,
// address and browser. What one holder reads of one contract becomes two events, see audit.Folder. Where the sender wants the contract
// read, it also notes the opening and the pages that the signer has fetched.
func (e *Engine) NoteReading(ctx context.Context, r LinkReading) error {
	a := audit.Act{Event: r.event(), File: r.File + 1, Page: r.Page}
	err := e.db.Read(ctx, func(tx *store.Tx) error { return e.nameReading(ctx, tx, r, &a.Event) })
	if err != nil {
		return fmt.Errorf("see who reads: %w", err)
	}
	if of, inside := ctx.Value(insideKey{}).(audit.Actor); inside { // the portal in this program, which nobody outside can pretend to be
		a.Actor.Name, a.Actor.Role, a.Actor.IP, a.Actor.UserAgent = cmp.Or(of.Name, audit.ActorPortal), audit.RoleFetch, of.IP, of.UserAgent
	}
	if r.Reads == ReadsFlow {
		if err := e.noteRequired(ctx, r.Token, r.File, r.Page); err != nil {
			return err
		}
	}
	return e.readings.Note(ctx, a)
}

// NoteRefusedLink writes into the evidence that a link was refused, and why: unknown, expired, busy. Refusals are folded by address. Only an
// expired link has a name: whoever tries others makes their names up.
func (e *Engine) NoteRefusedLink(ctx context.Context, r LinkReading, code string) error {
	ev := audit.Event{Action: "link.refused", ObjectType: "link", Outcome: audit.Denied, ErrorCode: code, Actor: audit.Actor{Role: audit.RoleLink, IP: r.IP}}
	if code == RefusedExpired {
		ev.ObjectID = LinkName(r.Token)
	}
	return e.readings.Note(ctx, audit.Act{Event: ev})
}

// Why a link is refused.
const (
	RefusedUnknown = "unknown"
	RefusedExpired = "expired"
	RefusedBusy    = "busy" // too many requests
)

// LinkName is the public name of a link, or of a session of the console: it tells them apart and opens nothing.
func LinkName(token string) string {
	return audit.LinkPrefix + hex.EncodeToString(hashToken(token)[:8])
}

// event is the reading by somebody of whom nothing but the link is known.
func (r LinkReading) event() audit.Event {
	name := LinkName(r.Token)
	ev := audit.Event{Action: string(r.Reads), Actor: audit.Actor{Name: name, Role: audit.RoleLink, Session: name, IP: r.IP, UserAgent: r.UserAgent}, Detail: map[string]any{}}
	switch {
	case r.Name != "":
		ev.Detail["name"] = r.Name
	case r.Reads == ReadsFile:
		ev.Detail["file"] = r.File + 1
	}
	if r.Method == http.MethodHead {
		ev.Detail["method"] = r.Method
	}
	return ev
}

// nameReading finds what is read, and by whom.
func (e *Engine) nameReading(ctx context.Context, tx *store.Tx, r LinkReading, ev *audit.Event) error {
	if r.Reads == ReadsCheck {
		c, err := e.checkByToken(ctx, tx, r.Token)
		if err == nil {
			ev.ObjectType, ev.ObjectID = "check", c.ID
		}
		return err
	}
	l, err := e.findLink(ctx, tx, r.Token, LinkSign, LinkPreview, LinkDownload)
	if err != nil {
		return err
	}
	userID := l.UserID
	switch {
	case l.CatalogID != "":
		ev.ObjectType, ev.ObjectID = "catalog", l.CatalogID
	case l.FlowID != "":
		ev.ObjectType, ev.ObjectID = "flow", l.FlowID
	case len(l.Target.Refs) > 0:
		ev.ObjectType, ev.ObjectID = "file", l.Target.Refs[0] // by its content: the link knows no more
	}
	if l.SignID != "" {
		if err := tx.QueryRow(ctx, `SELECT user_id FROM engine_approvers WHERE sign_id = $1`, l.SignID).Scan(&userID); err != nil {
			return err
		}
	}
	if r.Reads == ReadsSeal {
		delete(ev.Detail, "name")
		ev.Detail[ev.ObjectType] = ev.ObjectID
		ev.ObjectType, ev.ObjectID = "seal", r.Name
	}
	if userID != "" {
		ev.Actor.Name, ev.Actor.Role = userID, audit.RoleSigner
	}
	return nil
}

// NoteConsole writes into the evidence that a page of the console is shown, before it is: codes, requests and register stand there. Page is its
// path within the console. What a session sees of one page becomes two events.
func (e *Engine) NoteConsole(ctx context.Context, session, page, method, ip, userAgent string) error {
	ev := audit.Event{Action: "console.read", ObjectType: "console", ObjectID: page,
		Actor: audit.Actor{Name: audit.ActorConsole, Role: audit.RoleOperator, Session: LinkName(session), IP: ip, UserAgent: userAgent}}
	if method != http.MethodGet {
		ev.Detail = map[string]any{"method": method}
	}
	return e.readings.Note(ctx, audit.Act{Event: ev})
}

// NoteRefusedConsole writes into the evidence that somebody tried to open the console with an address that is none, or was used. Such tries are
// folded by address.
func (e *Engine) NoteRefusedConsole(ctx context.Context, ip, userAgent string) error {
	return e.readings.Note(ctx, audit.Act{Event: audit.Event{Action: "console.refused", ObjectType: "console", Outcome: audit.Denied, ErrorCode: RefusedUnknown,
		Actor: audit.Actor{Role: audit.RoleLink, IP: ip, UserAgent: userAgent}}})
}

// noteRefusedCall writes into the evidence that the caller of the API was refused: unsigned, signed wrongly or too late, by an unknown key,
// without the right. Such refusals are folded by address and code. The answer to the caller stays the same where that cannot be written; the
// operator is told.
func (e *Engine) noteRefusedCall(ctx context.Context, in *incoming, cause error) {
	var refusal *api.Error
	if !errors.As(cause, &refusal) || in.app != nil && !refusesCaller(refusal.Code) {
		return
	}
	code := refusal.Code
	ev := audit.Event{Action: "api.refused", ObjectType: "api", Outcome: audit.Denied, ErrorCode: code,
		Actor: audit.Actor{Role: audit.RoleProgram, IP: remoteIP(in.http)}}
	if in.app != nil {
		ev.Actor.Name, ev.ObjectID = in.app.ID, in.action // proven, and an action of ours: only then rights are looked at
	}
	if err := e.readings.Note(context.WithoutCancel(ctx), audit.Act{Event: ev}); err != nil {
		e.logger.ErrorContext(ctx, "engine: a refused call could not be recorded", "code", code, "error", err)
	}
}

// refusesCaller tells whether a code refuses whoever calls, rather than what is asked.
func refusesCaller(code string) bool {
	family, _, _ := strings.Cut(code, ".")
	switch family {
	case api.CodeAuthFailure, api.CodeUnauthorizedOperation, api.CodeRequestLimitExceeded:
		return true
	}
	return code == api.CodeOperationDeniedNoApiAuth
}
