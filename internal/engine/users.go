package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// user is a registered person with their personal data in clear.
type user struct {
	ID, ApplicationID, OpenID string
	Name                      string
	IDCardType, IDCardNumber  string
	Mobile, Email             string
	UseOpenID                 bool // only on creation
	Verified                  time.Time
	Created                   time.Time
}

func (u *user) owner() owner { return owner{ownerUser, u.ID} }

func (e *Engine) createUser(ctx context.Context, req *api.CreateUserRequest) (*api.CreateUserResponse, error) {
	u := &user{OpenID: req.OpenId, UseOpenID: req.UseOpenId, Name: req.Name, IDCardType: req.IdCardType, IDCardNumber: req.IdCardNumber,
		Mobile: req.Mobile, Email: req.Email}
	err := e.db.Write(ctx, func(tx *store.Tx) error { return e.insertUser(ctx, tx, req.Caller, u) })
	if err != nil {
		return nil, err
	}
	return &api.CreateUserResponse{UserId: u.ID}, nil
}

func (e *Engine) createUserAndSeal(ctx context.Context, req *api.CreateUserAndSealRequest) (*api.CreateUserAndSealResponse, error) {
	if err := e.needRight(ctx, RightCreateUserAndSeal); err != nil {
		return nil, err
	}
	u := &user{OpenID: req.OpenId, UseOpenID: req.UseOpenId, Name: req.Name, IDCardType: req.IdCardType, IDCardNumber: req.IdCardNumber,
		Mobile: req.Mobile, Email: req.Email}
	drawn, err := e.drawSeal(ctx, userSpec(u), api.CodeFailedOperationGenerateUserSeal)
	if err != nil {
		return nil, err
	}
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		if err := e.insertUser(ctx, tx, req.Caller, u); err != nil {
			return err
		}
		if err := e.markUserVerified(ctx, tx, u, true); err != nil {
			return err
		}
		creator, err := e.resolve(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		drawn.ApplicationID, drawn.Owner, drawn.Creator, drawn.Default = u.ApplicationID, u.owner(), creator.wire(), true
		drawn.Name = firstOf(req.SealName, sealLabel(drawn.Kind))
		return e.insertSeal(ctx, tx, drawn)
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateUserAndSealResponse{UserId: u.ID, SealId: drawn.ID}, nil
}

// insertUser stores a new person and fills in the id.
func (e *Engine) insertUser(ctx context.Context, tx *store.Tx, by api.Caller, u *user) (err error) {
	if _, err := e.resolve(ctx, tx, by); err != nil {
		return err
	}
	u.ApplicationID, u.Created = callOf(ctx).Application.ID, e.now()
	if u.ID, err = e.chooseID(u.OpenID, u.UseOpenID); err != nil {
		return err
	}
	mobile, mail := e.vault.Seal("engine_users.mobile", u.ID, []byte(u.Mobile)), e.sealEmail("engine_users", u.ID, u.Email)
	_, err = tx.Exec(ctx, `INSERT INTO engine_users (id, application_id, open_id, name, id_card_type, id_card_sealed, id_card_index, mobile_sealed,
		email_sealed, verified, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10)`,
		u.ID, u.ApplicationID, u.OpenID, u.Name, u.IDCardType, e.vault.Seal("engine_users.id_card", u.ID, []byte(u.IDCardNumber)),
		e.vault.Blind("user.id_card", u.IDCardNumber), mobile, mail, store.Micros(u.Created))
	if store.IsUnique(err) {
		return fail(api.CodeFailedOperationAccountAlreadyExists, "OpenId %q is taken", u.OpenID)
	}
	if err != nil {
		return fmt.Errorf("store the person: %w", err)
	}
	return e.record(ctx, tx, event{Action: actionUserCreate, ObjectType: "user", ObjectID: u.ID,
		Detail: map[string]any{"state": contactState(mobile, mail), "doubt": doubt(u.IDCardType, u.IDCardNumber, u.Created)}})
}

// verifyUser marks a person verified, as the caller declares: nothing is checked here. CertificateRequired, which needs a grant of its own, makes the certificate at
// once; otherwise it is made at the first signature.
func (e *Engine) verifyUser(ctx context.Context, req *api.VerifyUserRequest) (*api.VerifyUserResponse, error) {
	if err := e.needRight(ctx, RightVerifyUser); err != nil {
		return nil, err
	}
	if req.CertificateRequired {
		if err := e.needRight(ctx, RightCertificateRequired); err != nil {
			return nil, err
		}
	}
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		u, err := e.findUser(ctx, tx, callOf(ctx).Application.ID, req.UserId)
		if err != nil {
			return orNotFound(err, "UserId", req.UserId)
		}
		return e.markUserVerified(ctx, tx, u, req.CertificateRequired)
	})
	if err != nil {
		return nil, err
	}
	return &api.VerifyUserResponse{UserId: req.UserId}, nil
}

// modifyUser changes mobile, e-mail or name; what is empty stays. A new name must be verified again (essbasic).
func (e *Engine) modifyUser(ctx context.Context, req *api.ModifyUserRequest) (*api.ModifyUserResponse, error) {
	id := req.UserId
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		by, err := e.resolve(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		if id == "" {
			err := tx.QueryRow(ctx, `SELECT id FROM engine_users WHERE application_id = $1 AND open_id = $2`, by.ApplicationID, req.OpenId).Scan(&id)
			if err != nil {
				return orNotFound(err, "OpenId", req.OpenId)
			}
		}
		u, err := e.findUser(ctx, tx, by.ApplicationID, id)
		if err != nil {
			return orNotFound(err, "UserId", id)
		}
		renamed := req.Name != "" && req.Name != u.Name
		if renamed {
			u.Verified = time.Time{}
		}
		mobile, mail := firstOf(req.Mobile, u.Mobile), firstOf(req.Email, u.Email)
		sealedMobile, sealedMail := e.vault.Seal("engine_users.mobile", u.ID, []byte(mobile)), e.sealEmail("engine_users", u.ID, mail)
		_, err = tx.Exec(ctx, `UPDATE engine_users SET name = $1, mobile_sealed = $2, email_sealed = $3, verified = $4 WHERE id = $5`,
			firstOf(req.Name, u.Name), sealedMobile, sealedMail, store.Micros(u.Verified), u.ID)
		if err != nil {
			return fmt.Errorf("change the person: %w", err)
		}
		if err := errors.Join(e.tellChanged(ctx, tx, u.Mobile, mobile), e.tellChanged(ctx, tx, u.Email, mail)); err != nil {
			return err
		}
		return e.record(ctx, tx, event{Action: actionUserModify, ObjectType: "user", ObjectID: u.ID,
			Detail: map[string]any{"state": contactState(sealedMobile, sealedMail), "renamed": renamed, "mobile": mobile != u.Mobile, "email": mail != u.Email}})
	})
	if err != nil {
		return nil, err
	}
	return &api.ModifyUserResponse{UserId: id}, nil
}

// markUserVerified notes the verification, unless it stands already, and makes the certificate if asked to.
func (e *Engine) markUserVerified(ctx context.Context, tx *store.Tx, u *user, certify bool) error {
	if u.Verified.IsZero() {
		u.Verified = e.now()
		if _, err := tx.Exec(ctx, `UPDATE engine_users SET verified = $1 WHERE id = $2`, store.Micros(u.Verified), u.ID); err != nil {
			return fmt.Errorf("note the verification: %w", err)
		}
		if err := e.record(ctx, tx, event{Action: "user.verify", ObjectType: "user", ObjectID: u.ID, Detail: declaredOnly()}); err != nil {
			return err
		}
	}
	if !certify {
		return nil
	}
	_, err := e.certificate(ctx, tx, u.owner(), u.Name)
	return err
}

// declaredOnly is what the evidence says of a verification: the calling application said so, and nobody here has checked it.
func declaredOnly() map[string]any {
	return map[string]any{"basis": "declared by the caller", "checked": false}
}

// describeUsers declares no ResourceNotFound: ids of nobody are left out.
func (e *Engine) describeUsers(ctx context.Context, req *api.DescribeUsersRequest) (*api.DescribeUsersResponse, error) {
	resp := &api.DescribeUsersResponse{Users: []api.UserDescribe{}}
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		for _, id := range req.UserIds {
			u, err := e.findUser(ctx, tx, callOf(ctx).Application.ID, id)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			resp.Users = append(resp.Users, u.describe())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// describe is the masked view of a person.
func (u *user) describe() api.UserDescribe {
	d := api.UserDescribe{UserId: u.ID, Mobile: maskMobile(u.Mobile), CreatedOn: unix(u.Created), Name: u.Name, VerifiedOn: unix(u.Verified),
		IdCardType: u.IDCardType, IdCardNumber: maskNumber(u.IDCardNumber)}
	if !u.Verified.IsZero() {
		d.VerifyStatus = 1
	}
	return d
}

// findUser reads a person of the application, or gives store.ErrNotFound.
func (e *Engine) findUser(ctx context.Context, tx *store.Tx, applicationID, id string) (*user, error) {
	u := &user{}
	var number, mobile, email []byte
	var verified, created int64
	err := tx.QueryRow(ctx, `SELECT id, application_id, open_id, name, id_card_type, id_card_sealed, mobile_sealed, email_sealed, verified, created
		FROM engine_users WHERE id = $1 AND application_id = $2`, id, applicationID).Scan(
		&u.ID, &u.ApplicationID, &u.OpenID, &u.Name, &u.IDCardType, &number, &mobile, &email, &verified, &created)
	if err == nil {
		err = userAsTold(ctx, tx, id, mobile, email)
	}
	if err != nil {
		return nil, err
	}
	u.Verified, u.Created = store.Time(verified), store.Time(created)
	var numberErr, mobileErr, emailErr error
	u.IDCardNumber, numberErr = e.vault.OpenText("engine_users.id_card", u.ID, number)
	u.Mobile, mobileErr = e.vault.OpenText("engine_users.mobile", u.ID, mobile)
	u.Email, emailErr = e.vault.OpenText("engine_users.email", u.ID, email)
	return u, errors.Join(numberErr, mobileErr, emailErr)
}
