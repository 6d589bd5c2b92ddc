package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// modifySubOrganizationInfo changes what the request names; the rest stays. A new name or licence is a new fact about the
// organisation, so that it must be verified again (essbasic).
func (e *Engine) modifySubOrganizationInfo(ctx context.Context, req *api.ModifySubOrganizationInfoRequest) (*api.ModifySubOrganizationInfoResponse, error) {
	licence := &organization{}
	if err := e.keepLicense(ctx, licence, req.BizLicenseFile); err != nil {
		return nil, err
	}
	resp := &api.ModifySubOrganizationInfoResponse{}
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := e.resolve(ctx, tx, req.Caller); err != nil {
			return err
		}
		o, err := e.namedOrganization(ctx, tx, req.Caller.SubOrganizationId, req.OpenId)
		if err != nil {
			return err
		}
		before := *o
		o.edit(req, licence.LicenseRef)
		if o.OpenID != before.OpenID {
			if err := e.freeOpenID(ctx, tx, o); err != nil {
				return err
			}
		}
		if o.Name != before.Name || o.LicenseRef != before.LicenseRef {
			o.Verified = time.Time{}
		}
		resp.SubOrganizationId = o.ID
		return e.updateOrganization(ctx, tx, o, !before.Verified.Equal(o.Verified))
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// edit puts the request's fields that are not empty into o.
func (o *organization) edit(req *api.ModifySubOrganizationInfoRequest, licenseRef string) {
	for _, f := range []struct {
		to   *string
		from string
	}{
		{&o.OpenID, req.OpenId}, {&o.Name, req.Name}, {&o.Kind, req.OrganizationType}, {&o.LicenseRef, licenseRef}, {&o.LicenseName, req.BizLicenseFileName},
		{&o.LegalName, req.LegalName}, {&o.LegalIDCardType, req.LegalIdCardType}, {&o.LegalIDCardNumber, req.LegalIdCardNumber},
		{&o.LegalMobile, req.LegalMobile}, {&o.ContactName, req.ContactName}, {&o.Email, req.Email},
	} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	if req.ContactAddress != nil {
		o.Address = req.ContactAddress
	}
}

// namedOrganization finds the sub-organisation that a request is about: by its id, else by the caller's own (essbasic: the
// id wins where both are given).
func (e *Engine) namedOrganization(ctx context.Context, tx *store.Tx, id, openID string) (*organization, error) {
	app := callOf(ctx).Application.ID
	if id == "" {
		if openID == "" {
			return nil, missing("Caller.SubOrganizationId")
		}
		err := tx.QueryRow(ctx, `SELECT id FROM engine_organizations WHERE application_id = $1 AND open_id = $2`, app, openID).Scan(&id)
		if err != nil {
			return nil, orNotFound(err, "OpenId", openID)
		}
	}
	o, err := e.findOrganization(ctx, tx, app, id)
	if err != nil {
		return nil, orNotFound(err, "Caller.SubOrganizationId", id)
	}
	return o, nil
}

// freeOpenID refuses an OpenId that another sub-organisation has.
func (e *Engine) freeOpenID(ctx context.Context, tx *store.Tx, o *organization) error {
	var taken int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM engine_organizations WHERE application_id = $1 AND open_id = $2 AND id <> $3`,
		o.ApplicationID, o.OpenID, o.ID).Scan(&taken)
	if err != nil {
		return fmt.Errorf("look for the OpenId: %w", err)
	}
	if taken > 0 {
		return fail(api.CodeFailedOperationOpenIdAlreadyExists, "OpenId %q is taken", o.OpenID)
	}
	return nil
}

// updateOrganization stores an organisation that was edited.
func (e *Engine) updateOrganization(ctx context.Context, tx *store.Tx, o *organization, unverified bool) error {
	address, err := json.Marshal(o.Address)
	if err != nil {
		return fmt.Errorf("encode the address: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE engine_organizations SET open_id = nullif($1, ''), name = $2, kind = $3, license_ref = $4, license_name = $5,
		legal_name = $6, legal_id_card_type = $7, legal_id_card_sealed = $8, legal_mobile_sealed = $9, contact_name = $10, contact_address = $11,
		email_sealed = $12, verified = $13, updated = $14 WHERE id = $15`,
		o.OpenID, o.Name, o.Kind, o.LicenseRef, o.LicenseName, o.LegalName, o.LegalIDCardType,
		e.vault.Seal("engine_organizations.legal_id_card", o.ID, []byte(o.LegalIDCardNumber)),
		e.vault.Seal("engine_organizations.legal_mobile", o.ID, []byte(o.LegalMobile)), o.ContactName,
		e.vault.Seal("engine_organizations.contact_address", o.ID, address),
		e.sealEmail("engine_organizations", o.ID, o.Email), store.Micros(o.Verified), store.Micros(e.now()), o.ID)
	if err != nil {
		return fmt.Errorf("change the organisation: %w", err)
	}
	return e.record(ctx, tx, event{Action: "organization.modify", ObjectType: "organization", ObjectID: o.ID,
		Detail: map[string]any{"name": o.Name, "unverified": unverified}})
}
