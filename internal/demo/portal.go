package demo

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/files"
	"sealdesk/internal/i18n"
	"sealdesk/internal/pdf"
	"sealdesk/internal/routing"
	"sealdesk/internal/seal"
	"sealdesk/internal/watch"
)

// ErrNotEmpty says that a portal has data already, which sample data must not mix with.
var ErrNotEmpty = errors.New("the data folder is in use already; demo data needs a new one")

// Portal is what filling a portal needs beside Options. Router and Watch must not run yet in the background of anything else.
type Portal struct {
	Options
	DB       *db.DB
	Files    *files.Store
	Renderer *pdf.Renderer
	Router   *routing.Router
	Watch    *watch.Watcher
	Password string // of the three accounts
}

// Accounts are the names that Fill makes, one a role; they are the names of their roles.
func Accounts() []string {
	var names []string
	for _, role := range auth.Roles() {
		names = append(names, string(role))
	}
	return names
}

// filling carries what has been made so far.
type filling struct {
	Portal
	parties [2]Party
	file    db.File
	anchors map[string]pdf.Anchor
}

// Fill makes accounts, two organisations with people and seals, and contracts in every state that the platform's calls lead to.
func Fill(ctx context.Context, p Portal) error {
	if has, err := p.DB.HasAccounts(ctx); err != nil || has {
		return errors.Join(err, notEmpty(has))
	}
	f := &filling{Portal: p}
	for _, step := range []func(context.Context) error{f.accounts, f.directory, f.seals, f.upload, f.drafts, f.flows} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func notEmpty(has bool) error {
	if has {
		return ErrNotEmpty
	}
	return nil
}

func (f *filling) accounts(ctx context.Context) error {
	hash, err := auth.Hash(ctx, f.Password)
	if err != nil {
		return err
	}
	ctx = i18n.WithLanguage(ctx, i18n.Chinese) // the language of all sample data
	for _, role := range auth.Roles() {
		_, err := f.DB.AddAccount(ctx, db.NewAccount{
			Name: string(role), DisplayName: i18n.T(ctx, "cli.demo.account."+string(role)), Role: role, Scope: db.Everything(),
			PasswordHash: hash,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// directory registers the two organisations and their people, and puts them into the portal's index as its pages do.
func (f *filling) directory(ctx context.Context) error {
	for i, s := range samples {
		id, err := registerOrganization(ctx, f.Client, s)
		if err != nil {
			return err
		}
		now := f.Clock()
		if err := f.DB.AddOrganization(ctx, db.Organization{
			ID: id, Name: s.name, Kind: "ENTERPRISE", IDCardType: "USCC", IDCardNumber: s.number, LegalName: s.person, Verified: now, CreatedBy: "admin", Created: now,
		}); err != nil {
			return err
		}
		person, err := registerPerson(ctx, f.Client, fmt.Sprintf("demo-person-%d", i+1), s)
		if err != nil {
			return err
		}
		if err := f.DB.AddUser(ctx, db.User{
			ID: person, Name: s.person, Mobile: s.mobile[:3] + "****" + s.mobile[7:], IDCardType: "ID_CARD", IDCardNumber: s.idCard[:1] + "****************" + s.idCard[17:],
			Verified: now, Organizations: []db.UserOrganization{{ID: id, Name: s.name}}, CreatedBy: "admin", Created: now,
		}); err != nil {
			return err
		}
		f.parties[i] = Party{Organization: id, OrganizationName: s.name, Person: person, PersonName: s.person}
	}
	return nil
}

// seals makes for each organisation its official and its contract seal, and for each person a signature.
func (f *filling) seals(ctx context.Context) error {
	for i := range f.parties {
		p := &f.parties[i]
		for n, kind := range []struct {
			kind       seal.Kind
			name, text string
		}{{seal.Official, "公章", ""}, {seal.Contract, "合同专用章", "合同专用章"}} {
			made, err := api.GenerateOrganizationSeal.Call(ctx, f.Client, &api.GenerateOrganizationSealRequest{
				Caller: api.Caller{SubOrganizationId: p.Organization, OperatorId: p.Person}, SealType: string(kind.kind), SealName: kind.name,
				SealHorizontalText: kind.text, SourceIp: localAddress, IsDefault: n == 0,
			})
			if err != nil {
				return err
			}
			spec := seal.Spec{Kind: kind.kind, Name: p.OrganizationName, HorizontalText: kind.text}
			if err := f.indexSeal(ctx, db.Seal{ID: made.SealId, OrganizationID: p.Organization, OwnerName: p.OrganizationName, Name: kind.name, Default: n == 0}, spec); err != nil {
				return err
			}
			if n == 0 {
				p.OrganizationSeal = made.SealId
			}
		}
		made, err := api.GenerateUserSeal.Call(ctx, f.Client, &api.GenerateUserSealRequest{
			UserId: p.Person, SourceIp: localAddress, SealName: p.PersonName, IsDefault: true,
		})
		if err != nil {
			return err
		}
		p.PersonSeal = made.SealId
		spec := seal.Spec{Kind: seal.Personal, Name: p.PersonName, Running: true}
		if err := f.indexSeal(ctx, db.Seal{ID: made.SealId, UserID: p.Person, OwnerName: p.PersonName, Name: p.PersonName, Default: true}, spec); err != nil {
			return err
		}
	}
	return nil
}

func (f *filling) indexSeal(ctx context.Context, s db.Seal, spec seal.Spec) error {
	drawing, err := seal.Draw(f.Face, spec)
	if err != nil {
		return err
	}
	s.Kind, s.Source, s.CreatedBy, s.Created = string(spec.Kind), db.SealGenerated, "admin", f.Clock()
	s.WidthMM, s.HeightMM = drawing.SizeMM()
	return f.DB.AddSeal(ctx, s)
}

func (f *filling) upload(ctx context.Context) error {
	data, anchors, err := composeContract(f.Face, f.parties[0].OrganizationName, f.parties[1].OrganizationName)
	if err != nil {
		return err
	}
	f.anchors = anchors
	info, err := f.Renderer.Inspect(ctx, data)
	if err != nil {
		return err
	}
	ref, err := f.Files.Put(ctx, data)
	if err != nil {
		return err
	}
	f.file = db.File{
		ID: newID(), OrganizationID: f.parties[0].Organization, Name: "软件服务采购合同.pdf", Ref: string(ref), Size: int64(len(data)),
		CreatedBy: "business", Created: f.Clock(),
	}
	for _, page := range info.Pages {
		f.file.Pages = append(f.file.Pages, db.PageSize{Width: page.WidthPt, Height: page.HeightPt})
	}
	return f.DB.AddFile(ctx, f.file)
}

func newID() string {
	var id [16]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// draft prepares the sample contract between the two parties, one step each.
func (f *filling) draft(ctx context.Context, name string, deadline time.Duration) (db.Draft, error) {
	draft := db.Draft{
		ID: newID(), Revision: 1, OrganizationID: f.parties[0].Organization, Name: name, CreatedBy: "business", Created: f.Clock(), Updated: f.Clock(),
		DraftDocument: db.DraftDocument{
			OperatorID: f.parties[0].Person, Type: "销售", Deadline: f.Clock().Add(deadline).UTC().Truncate(time.Second), Files: []string{f.file.ID},
		},
	}
	for i, side := range []string{sideA, sideB} {
		p := f.parties[i]
		draft.Approvers = append(draft.Approvers, db.DraftApprover{
			ID: side, UserID: p.Person, UserName: p.PersonName, OrganizationID: p.Organization, OrganizationName: p.OrganizationName, Channels: f.channels(i),
			Step: 1,
		})
		for _, m := range marks {
			at := f.anchors[side+"."+m.anchor]
			draft.Components = append(draft.Components, db.Component{
				ID: side + "-" + m.anchor, Type: m.componentType, Approver: side, Page: at.Page, X: at.X, Y: at.Y, Width: at.Width, Height: at.Height, Required: true,
			})
		}
	}
	return draft, f.DB.CreateDraft(ctx, draft)
}
