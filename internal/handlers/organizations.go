package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/web/templates"

	"github.com/a-h/templ"
)

func organizationRow(o db.Organization) templates.OrganizationRow {
	return templates.OrganizationRow{ID: o.ID, Name: o.Name, Kind: o.Kind, Number: o.IDCardNumber, Verified: o.IsVerified(), Created: o.Created}
}

// listOrganizations lists sub-organisations, by words and state.
func (s *server) listOrganizations(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q := r.URL.Query()
	list, next, err := s.db.Organizations(ctx, scope(ctx), db.DirectoryFilter{Text: q.Get("q"), Verified: verifiedFilter(q.Get("state")), Kind: q.Get("kind")}, limits(r))
	if err != nil {
		return err
	}
	d := templates.OrganizationsData{Text: q.Get("q"), State: q.Get("state"), Kind: q.Get("kind"), CanWrite: can(ctx, auth.OrganizationsWrite), Paging: paging(r, next)}
	for _, o := range list {
		d.Rows = append(d.Rows, organizationRow(o))
	}
	p := page{Title: "organizations.title", Active: "organizations"}
	if d.CanWrite {
		p.Action = templ.Join(templates.ImportAction("organizations"), templates.OrganizationsAction())
	}
	return s.render(w, r, http.StatusOK, p, templates.OrganizationsList(d))
}

func (s *server) organizationFormPage(r *http.Request) page {
	return page{Title: "organizations.new", Active: "organizations", Back: backTo(r.Context(), "/organizations", "organizations.title")}
}

// newOrganization shows the empty form.
func (s *server) newOrganization(w http.ResponseWriter, r *http.Request) error {
	d := templates.OrganizationForm{Form: api.CreateSubOrganizationAndSealRequest{
		OrganizationType: "ENTERPRISE", IdCardType: "USCC", LegalIdCardType: "ID_CARD", SealType: api.SealTypeContract,
	}}
	return s.render(w, r, http.StatusOK, s.organizationFormPage(r), templates.OrganizationNew(d))
}

// createOrganization registers a sub-organisation, where asked for verified and with its first seal.
func (s *server) createOrganization(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var d templates.OrganizationForm
	var choice struct {
		WithSeal bool `json:"WithSeal"`
	}
	err := errors.Join(parseForm(r, &d.Form), parseForm(r, &choice))
	d.WithSeal = choice.WithSeal
	if a := d.Form.ContactAddress; a != nil {
		d.Address = *a
	}
	o := db.Organization{}
	var sealID string
	if err == nil {
		o, sealID, err = s.registerOrganization(r, d)
	}
	if err != nil {
		return s.organizationRefused(w, r, d, err)
	}
	if err := s.keepOrganization(ctx, o, sealID, d.Form); err != nil {
		return err
	}
	s.flash(r, "ok", "organizations.created", "Name", o.Name)
	return s.redirect(w, r, "/organizations/"+o.ID)
}

// keepOrganization puts an organisation that the platform has made into the index, with its first seal where it has one.
func (s *server) keepOrganization(ctx context.Context, o db.Organization, sealID string, f api.CreateSubOrganizationAndSealRequest) error {
	if err := s.db.AddOrganization(ctx, o); err != nil || sealID == "" {
		return err
	}
	kind := cmp.Or(f.SealType, api.SealTypeContract)
	return s.db.AddSeal(ctx, db.Seal{ID: sealID, OrganizationID: o.ID, OwnerName: o.Name, Kind: kind, Name: sealName(ctx, f.SealName, kind),
		Source: db.SealGenerated, Default: true})
}

// organizationOf is what the index keeps of a registration.
func organizationOf(f api.CreateSubOrganizationAndSealRequest) db.Organization {
	return db.Organization{Name: f.Name, Kind: f.OrganizationType, IDCardType: f.IdCardType, IDCardNumber: f.IdCardNumber, LegalName: f.LegalName}
}

// madeOrganization is the organisation of a registration whose answer was lost; without an ID where the platform does not have it.
func (s *server) madeOrganization(ctx context.Context, f api.CreateSubOrganizationAndSealRequest) (db.Organization, error) {
	resp, err := api.DescribeSubOrganizations.Call(ctx, s.client, &api.DescribeSubOrganizationsRequest{SubOrganizationIds: []string{f.OpenId}})
	if err != nil {
		return db.Organization{}, err
	}
	for i := range resp.SubOrganizationInfos {
		if found := &resp.SubOrganizationInfos[i]; found.Id == f.OpenId {
			o := organizationOf(f)
			o.ID, o.Verified = found.Id, verifiedTime(found)
			return o, nil
		}
	}
	return db.Organization{}, nil
}

// registerOrganization asks the platform. Without an OpenId the portal chooses one that becomes the id, so that a lost answer can be
// looked up.
func (s *server) registerOrganization(r *http.Request, d templates.OrganizationForm) (o db.Organization, sealID string, err error) {
	ctx := r.Context()
	f := d.Form
	f.IdCardNumber = strings.ToUpper(f.IdCardNumber)
	f.VerifyClientIp = address(ctx)
	if f.OpenId == "" {
		f.OpenId, f.UseOpenId = newOpenID(), true
	}
	o = organizationOf(f)
	if d.WithSeal {
		var resp *api.CreateSubOrganizationAndSealResponse
		if resp, err = api.CreateSubOrganizationAndSeal.Call(ctx, s.client, &f); err == nil {
			o.ID, sealID, o.Verified = resp.SubOrganizationId, resp.SealId, s.now()
		}
	} else {
		var resp *api.CreateSubOrganizationResponse
		if resp, err = api.CreateSubOrganization.Call(ctx, s.client, &api.CreateSubOrganizationRequest{
			Name: f.Name, OrganizationType: f.OrganizationType, IdCardType: f.IdCardType, IdCardNumber: f.IdCardNumber, LegalName: f.LegalName,
			LegalIdCardType: f.LegalIdCardType, LegalIdCardNumber: f.LegalIdCardNumber, LegalMobile: f.LegalMobile, ContactName: f.ContactName,
			ContactAddress: f.ContactAddress, Email: f.Email, OpenId: f.OpenId, UseOpenId: f.UseOpenId, VerifyClientIp: f.VerifyClientIp,
		}); err == nil {
			o.ID = resp.SubOrganizationId
		}
	}
	if f.UseOpenId && api.IsUnknownOutcome(err) {
		if made, lookErr := s.madeOrganization(ctx, f); lookErr == nil && made.ID != "" {
			return made, "", nil
		}
	}
	return o, sealID, err
}

// organizationRefused shows the form again with everything that was typed.
func (s *server) organizationRefused(w http.ResponseWriter, r *http.Request, d templates.OrganizationForm, err error) error {
	switch {
	case api.IsCode(err, api.CodeFailedOperationOpenIdAlreadyExists):
		d.Problems = templates.Problems{{Field: "OpenId", Rule: "taken"}}
	case api.IsCode(err, api.CodeFailedOperationOrgIdCardNumberAlreadyExists):
		d.Problems = templates.Problems{{Field: "IdCardNumber", Rule: "taken"}}
	default:
		list, ok := problems(err)
		if !ok {
			if d.Refusal, ok = s.refusal(r, err); !ok {
				return err
			}
		}
		d.Problems = list
	}
	return s.renderForm(w, r, s.organizationFormPage(r), templates.OrganizationNew(d))
}

// describeOrganization asks the platform for one sub-organisation; nil when it does not answer or knows none.
func (s *server) describeOrganization(r *http.Request, id string) *api.SubOrganizationDetail {
	ctx := r.Context()
	resp, err := api.DescribeSubOrganizations.Call(ctx, s.client, &api.DescribeSubOrganizationsRequest{SubOrganizationIds: []string{id}})
	if err != nil {
		s.log.WarnContext(ctx, "describe organization", "request", exchangeOf(ctx).id, "error", scrub(err))
		return nil
	}
	for i := range resp.SubOrganizationInfos {
		if o := &resp.SubOrganizationInfos[i]; o.Id == id {
			return o
		}
	}
	return nil
}

// verifiedTime is when the platform verified a sub-organisation, zero for not.
func verifiedTime(o *api.SubOrganizationDetail) time.Time {
	if o.VerifyStatus == api.OrganizationNotVerified {
		return time.Time{}
	}
	return time.Unix(max(o.VerifiedOn, 1), 0)
}

// showOrganization shows a sub-organisation: what the platform says of it, its seals, its people and its history.
func (s *server) showOrganization(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := s.db.Organization(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	d := templates.OrganizationData{CanWrite: can(ctx, auth.OrganizationsWrite), CanAssign: can(ctx, auth.UsersWrite),
		CanMakeSeal: can(ctx, auth.SealsWrite), CanAudit: can(ctx, auth.AuditRead)}
	if d.Detail = s.describeOrganization(r, o.ID); d.Detail != nil {
		if err := s.takeOverOrganization(ctx, &o, d.Detail); err != nil {
			return err
		}
	}
	d.OrganizationRow = organizationRow(o)
	seals, _, err := s.db.Seals(ctx, scope(ctx), db.SealFilter{OrganizationID: o.ID}, db.Page{Limit: db.MaxLimit})
	if err != nil {
		return err
	}
	d.Seals = sealCards(seals)
	members, err := s.db.UserChoices(ctx, scope(ctx), o.ID)
	if err != nil {
		return err
	}
	d.People = people(members)
	if d.CanAssign {
		all, err := s.db.UserChoices(ctx, scope(ctx), "")
		if err != nil {
			return err
		}
		here := make(map[string]bool, len(members))
		for _, u := range members {
			here[u.ID] = true
		}
		d.Choices = without(namedUsers(all), func(id string) bool { return here[id] })
	}
	if d.History, err = s.history(ctx, "organization", o.ID); err != nil {
		return err
	}
	p := page{TitleText: o.Name, Active: "organizations", Back: backTo(ctx, "/organizations", "organizations.title"),
		Badge: templates.VerifiedBadge(o.IsVerified()), Action: templates.OrganizationActions(d)}
	return s.render(w, r, http.StatusOK, p, templates.OrganizationShow(d))
}

// verifyOrganization tells the platform that the sub-organisation has been verified.
func (s *server) verifyOrganization(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := s.db.Organization(ctx, scope(ctx), r.PathValue("id"))
	if err != nil {
		return err
	}
	req := api.VerifySubOrganizationRequest{Caller: api.Caller{SubOrganizationId: o.ID}}
	if _, err := api.VerifySubOrganization.Call(ctx, s.client, &req); err != nil {
		return err
	}
	o.Verified = s.now()
	if err := s.db.UpdateOrganization(ctx, o); err != nil {
		return err
	}
	s.flash(r, "ok", "organizations.verified.done", "Name", o.Name)
	return s.redirect(w, r, "/organizations/"+o.ID)
}

// assignToOrganization lets a person sign for the organisation, from the organisation's page.
func (s *server) assignToOrganization(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var form struct {
		UserID string `json:"UserID"`
	}
	if err := parseForm(r, &form); err != nil {
		return err
	}
	if err := s.db.AssignUser(ctx, scope(ctx), form.UserID, r.PathValue("id")); err != nil {
		return err
	}
	if err := s.routing.Tell(ctx); err != nil {
		return err
	}
	s.flash(r, "ok", "users.assigned")
	return s.redirect(w, r, "/organizations/"+r.PathValue("id"))
}
