package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/seal"
	"sealdesk/internal/store"
)

// organization is a sub-organisation with its personal data in clear.
type organization struct {
	ID, ApplicationID, OpenID string
	Name, Kind                string
	IDCardType, IDCardNumber  string
	IDCardFileType            string
	LicenseRef, LicenseName   string
	LegalName                 string
	LegalIDCardType           string
	LegalIDCardNumber         string
	LegalMobile               string
	ContactName, Email        string
	Address                   *api.Address
	ClientIP, ServerIP        string
	UseOpenID                 bool // only on creation
	Verified                  time.Time
	Created, Updated          time.Time
}

func (o *organization) owner() owner { return owner{ownerOrganization, o.ID} }

func (e *Engine) createSubOrganization(ctx context.Context, req *api.CreateSubOrganizationRequest) (*api.CreateSubOrganizationResponse, error) {
	o := &organization{
		Name: req.Name, Kind: req.OrganizationType, OpenID: req.OpenId, UseOpenID: req.UseOpenId,
		IDCardType: req.IdCardType, IDCardNumber: req.IdCardNumber, IDCardFileType: req.IdCardFileType, LicenseName: req.BizLicenseFileName,
		LegalName: req.LegalName, LegalIDCardType: req.LegalIdCardType, LegalIDCardNumber: req.LegalIdCardNumber, LegalMobile: req.LegalMobile,
		ContactName: req.ContactName, Email: req.Email, Address: req.ContactAddress, ClientIP: req.VerifyClientIp, ServerIP: req.VerifyServerIp,
	}
	if err := e.keepLicense(ctx, o, req.BizLicenseFile); err != nil {
		return nil, err
	}
	err := e.db.Write(ctx, func(tx *store.Tx) error { return e.insertOrganization(ctx, tx, req.Caller, o) })
	if err != nil {
		return nil, err
	}
	return &api.CreateSubOrganizationResponse{SubOrganizationId: o.ID}, nil
}

func (e *Engine) createSubOrganizationAndSeal(ctx context.Context, req *api.CreateSubOrganizationAndSealRequest) (*api.CreateSubOrganizationAndSealResponse, error) {
	if err := e.needRight(ctx, RightCreateSubOrganizationAndSeal); err != nil {
		return nil, err
	}
	o := &organization{
		Name: req.Name, Kind: req.OrganizationType, OpenID: req.OpenId, UseOpenID: req.UseOpenId,
		IDCardType: req.IdCardType, IDCardNumber: req.IdCardNumber, IDCardFileType: req.IdCardFileType, LicenseName: req.BizLicenseFileName,
		LegalName: req.LegalName, LegalIDCardType: req.LegalIdCardType, LegalIDCardNumber: req.LegalIdCardNumber, LegalMobile: req.LegalMobile,
		ContactName: req.ContactName, Email: req.Email, Address: req.ContactAddress, ClientIP: req.VerifyClientIp, ServerIP: req.VerifyServerIp,
	}
	if req.SealType == "" {
		req.SealType = string(seal.Contract)
	}
	drawn, err := e.drawSeal(ctx, organizationSpec(o, seal.Kind(req.SealType), req.SealHorizontalText), api.CodeFailedOperation)
	if err != nil {
		return nil, err
	}
	if err := e.keepLicense(ctx, o, req.BizLicenseFile); err != nil {
		return nil, err
	}
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		if err := e.insertOrganization(ctx, tx, req.Caller, o); err != nil {
			return err
		}
		if err := e.markOrganizationVerified(ctx, tx, o); err != nil {
			return err
		}
		creator, err := e.resolve(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		drawn.ApplicationID, drawn.Owner, drawn.Creator, drawn.Default = o.ApplicationID, o.owner(), creator.wire(), true
		drawn.Name = firstOf(req.SealName, sealLabel(drawn.Kind))
		return e.insertSeal(ctx, tx, drawn)
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateSubOrganizationAndSealResponse{SubOrganizationId: o.ID, SealId: drawn.ID}, nil
}

// keepLicense checks and stores the picture of a business licence.
func (e *Engine) keepLicense(ctx context.Context, o *organization, encoded string) error {
	if encoded == "" {
		return nil
	}
	data, err := decodeBase64("BizLicenseFile", encoded)
	if err != nil {
		return err
	}
	if _, err := checkPicture("BizLicenseFile", data); err != nil {
		return err
	}
	ref, err := e.files.Put(ctx, data)
	if err != nil {
		return fmt.Errorf("store the business licence: %w", err)
	}
	o.LicenseRef = string(ref)
	return nil
}

// insertOrganization stores a new sub-organisation and fills in its id.
func (e *Engine) insertOrganization(ctx context.Context, tx *store.Tx, by api.Caller, o *organization) (err error) {
	if _, err := e.resolve(ctx, tx, by); err != nil {
		return err
	}
	o.ApplicationID, o.Created = callOf(ctx).Application.ID, e.now()
	if o.ID, err = e.chooseID(o.OpenID, o.UseOpenID); err != nil {
		return err
	}
	index := e.vault.Blind("organization.id_card", o.IDCardNumber)
	var openIDs, numbers int
	err = tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM engine_organizations WHERE id = $1 OR (application_id = $2 AND open_id = $3)),
		(SELECT count(*) FROM engine_organizations WHERE application_id = $2 AND id_card_index = $4)`,
		o.ID, o.ApplicationID, o.OpenID, index).Scan(&openIDs, &numbers)
	switch {
	case err != nil:
		return fmt.Errorf("look for the organisation: %w", err)
	case openIDs > 0:
		return fail(api.CodeFailedOperationOpenIdAlreadyExists, "OpenId %q is taken", o.OpenID)
	case numbers > 0:
		return fail(api.CodeFailedOperationOrgIdCardNumberAlreadyExists, "an organisation with this IdCardNumber exists")
	}
	address, err := json.Marshal(o.Address)
	if err != nil {
		return fmt.Errorf("encode the address: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO engine_organizations (id, application_id, open_id, name, kind, id_card_type, id_card_sealed, id_card_index,
		id_card_file_type, license_ref, license_name, legal_name, legal_id_card_type, legal_id_card_sealed, legal_mobile_sealed, contact_name,
		contact_address, email_sealed, verify_client_ip, verify_server_ip, verified, created, updated)
		VALUES ($1, $2, nullif($3, ''), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, 0, $21, 0)`,
		o.ID, o.ApplicationID, o.OpenID, o.Name, o.Kind, o.IDCardType, e.vault.Seal("engine_organizations.id_card", o.ID, []byte(o.IDCardNumber)), index,
		o.IDCardFileType, o.LicenseRef, o.LicenseName, o.LegalName, o.LegalIDCardType,
		e.vault.Seal("engine_organizations.legal_id_card", o.ID, []byte(o.LegalIDCardNumber)),
		e.vault.Seal("engine_organizations.legal_mobile", o.ID, []byte(o.LegalMobile)), o.ContactName,
		e.vault.Seal("engine_organizations.contact_address", o.ID, address),
		e.sealEmail("engine_organizations", o.ID, o.Email), o.ClientIP, o.ServerIP, store.Micros(o.Created))
	if err != nil {
		return fmt.Errorf("store the organisation: %w", err)
	}
	return e.record(ctx, tx, event{Action: "organization.create", ObjectType: "organization", ObjectID: o.ID, Detail: map[string]any{
		"name": o.Name, "doubt": doubt(o.IDCardType, o.IDCardNumber, o.Created), "legalDoubt": doubt(o.LegalIDCardType, o.LegalIDCardNumber, o.Created),
	}})
}

// chooseID is the caller's OpenId where they want it so, else a fresh id.
func (e *Engine) chooseID(openID string, useOpenID bool) (string, error) {
	if !useOpenID {
		return newID(e.wall()), nil
	}
	if openID == "" {
		return "", missing("OpenId")
	}
	return openID, nil
}

func (e *Engine) verifySubOrganization(ctx context.Context, req *api.VerifySubOrganizationRequest) (*api.VerifySubOrganizationResponse, error) {
	if err := e.needRight(ctx, RightVerifySubOrganization); err != nil {
		return nil, err
	}
	id := ""
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		o, err := e.namedOrganization(ctx, tx, req.Caller.SubOrganizationId, req.OpenId)
		if err != nil {
			return err
		}
		id = o.ID
		if !o.Verified.IsZero() {
			return nil
		}
		return e.markOrganizationVerified(ctx, tx, o)
	})
	if err != nil {
		return nil, err
	}
	return &api.VerifySubOrganizationResponse{SubOrganizationId: id}, nil
}

// markOrganizationVerified notes the verification and issues the organisation's certificate.
func (e *Engine) markOrganizationVerified(ctx context.Context, tx *store.Tx, o *organization) error {
	now := e.now()
	if _, err := tx.Exec(ctx, `UPDATE engine_organizations SET verified = $1, updated = $1 WHERE id = $2`, store.Micros(now), o.ID); err != nil {
		return fmt.Errorf("note the verification: %w", err)
	}
	o.Verified = now
	if _, err := e.certificate(ctx, tx, o.owner(), o.Name); err != nil {
		return err
	}
	return e.record(ctx, tx, event{Action: "organization.verify", ObjectType: "organization", ObjectID: o.ID, Detail: declaredOnly()})
}

func (e *Engine) describeSubOrganizations(ctx context.Context, req *api.DescribeSubOrganizationsRequest) (*api.DescribeSubOrganizationsResponse, error) {
	resp := &api.DescribeSubOrganizationsResponse{SubOrganizationInfos: []api.SubOrganizationDetail{}}
	var found []*organization
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		for _, id := range req.SubOrganizationIds {
			o, err := e.findOrganization(ctx, tx, callOf(ctx).Application.ID, id)
			if err != nil {
				return orNotFound(err, "SubOrganizationIds", id)
			}
			found = append(found, o)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, o := range found {
		detail, err := e.organizationDetail(ctx, o)
		if err != nil {
			return nil, err
		}
		resp.SubOrganizationInfos = append(resp.SubOrganizationInfos, detail)
	}
	return resp, nil
}

// organizationDetail is the masked view of an organisation. The licence comes as a link.
func (e *Engine) organizationDetail(ctx context.Context, o *organization) (api.SubOrganizationDetail, error) {
	d := api.SubOrganizationDetail{
		Id: o.ID, Name: o.Name, Email: o.Email, IdCardType: o.IDCardType, IdCardNumber: o.IDCardNumber, OrganizationType: o.Kind,
		IdCardFileType: o.IDCardFileType, BizLicenseFileName: o.LicenseName, LegalName: o.LegalName, LegalIdCardType: o.LegalIDCardType,
		LegalIdCardNumber: maskNumber(o.LegalIDCardNumber), LegalMobile: maskMobile(o.LegalMobile), ContactName: o.ContactName,
		VerifyStatus: "NotVerified", VerifiedOn: unix(o.Verified), CreatedOn: unix(o.Created), UpdatedOn: unix(o.Updated),
		VerifyClientIp: o.ClientIP, VerifyServerIp: o.ServerIP, ContactAddress: o.Address,
	}
	if !o.Verified.IsZero() {
		d.VerifyStatus = "Verified"
	}
	if o.LicenseRef == "" {
		return d, nil
	}
	links, err := e.downloadLinks(ctx, o.ApplicationID, "", []downloadTarget{{Refs: []string{o.LicenseRef}, Name: firstOf(o.LicenseName, "license"), Form: formPicture}})
	if err != nil {
		return d, err
	}
	d.BizLicenseFile = links[0]
	return d, nil
}

// findOrganization reads an organisation of the application, or gives store.ErrNotFound.
func (e *Engine) findOrganization(ctx context.Context, tx *store.Tx, applicationID, id string) (*organization, error) {
	o := &organization{}
	var number, legalNumber, mobile, address, email []byte
	var verified, created, updated int64
	err := tx.QueryRow(ctx, `SELECT id, application_id, coalesce(open_id, ''), name, kind, id_card_type, id_card_sealed, id_card_file_type, license_ref,
		license_name, legal_name, legal_id_card_type, legal_id_card_sealed, legal_mobile_sealed, contact_name, contact_address, email_sealed,
		verify_client_ip, verify_server_ip, verified, created, updated
		FROM engine_organizations WHERE id = $1 AND application_id = $2`, id, applicationID).Scan(
		&o.ID, &o.ApplicationID, &o.OpenID, &o.Name, &o.Kind, &o.IDCardType, &number, &o.IDCardFileType, &o.LicenseRef,
		&o.LicenseName, &o.LegalName, &o.LegalIDCardType, &legalNumber, &mobile, &o.ContactName, &address, &email,
		&o.ClientIP, &o.ServerIP, &verified, &created, &updated)
	if err != nil {
		return nil, err
	}
	o.Verified, o.Created, o.Updated = store.Time(verified), store.Time(created), store.Time(updated)
	var errs [5]error
	o.IDCardNumber, errs[0] = e.vault.OpenText("engine_organizations.id_card", o.ID, number)
	o.LegalIDCardNumber, errs[1] = e.vault.OpenText("engine_organizations.legal_id_card", o.ID, legalNumber)
	o.LegalMobile, errs[2] = e.vault.OpenText("engine_organizations.legal_mobile", o.ID, mobile)
	plain, err := e.vault.Open("engine_organizations.contact_address", o.ID, address)
	if err == nil {
		err = json.Unmarshal(plain, &o.Address)
	}
	errs[3] = err
	o.Email, errs[4] = e.vault.OpenText("engine_organizations.email", o.ID, email)
	return o, errors.Join(errs[:]...)
}

// firstOf is the first text that is not empty.
func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
