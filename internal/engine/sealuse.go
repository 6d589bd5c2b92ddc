package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sealdesk/internal/api"
	numbers "sealdesk/internal/identity"
	"sealdesk/internal/seal"
	"sealdesk/internal/store"
)

// setSealUse stores who may use a seal of the organisation that calls, and in which state it is.
func (e *Engine) setSealUse(ctx context.Context, req *api.SetSealUseRequest) (*api.SetSealUseResponse, error) {
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		by, err := e.resolve(ctx, tx, req.Caller)
		if err != nil {
			return err
		}
		row, err := e.ownedSeal(ctx, tx, by.ApplicationID, req.SealId, sealOwner(req.Caller, ""))
		if err != nil {
			return err
		}
		if row.State == api.SealDestroyed && req.State != api.SealDestroyed {
			return denied("the seal was destroyed")
		}
		if _, err := tx.Exec(ctx, `UPDATE engine_seals SET state = $1, kept = 1 WHERE id = $2`, req.State, row.ID); err != nil {
			return fmt.Errorf("set the state of a seal: %w", err)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM engine_seal_keepers WHERE seal_id = $1`, row.ID); err != nil {
			return fmt.Errorf("set the keepers of a seal: %w", err)
		}
		for _, k := range req.Keepers {
			if _, err := e.findUser(ctx, tx, by.ApplicationID, k.UserId); err != nil {
				return orNotFound(err, "UserId", k.UserId)
			}
			_, err := tx.Exec(ctx, `INSERT INTO engine_seal_keepers (seal_id, user_id, valid_from, valid_until) VALUES ($1, $2, $3, $4)
				ON CONFLICT DO UPDATE SET valid_from = excluded.valid_from, valid_until = excluded.valid_until`, row.ID, k.UserId, k.From, k.Until)
			if err != nil {
				return fmt.Errorf("set the keepers of a seal: %w", err)
			}
		}
		return e.record(ctx, tx, event{Action: actionSealUse, ObjectType: "seal", ObjectID: row.ID,
			Detail: map[string]any{"state": req.State, "before": row.State, "keepers": req.Keepers}})
	})
	if err != nil {
		return nil, err
	}
	return &api.SetSealUseResponse{}, nil
}

// setOrganizationMembers stores who signs for the organisation that calls.
func (e *Engine) setOrganizationMembers(ctx context.Context, req *api.SetOrganizationMembersRequest) (*api.SetOrganizationMembersResponse, error) {
	id := req.Caller.SubOrganizationId
	if id == "" {
		return nil, missing("Caller.SubOrganizationId")
	}
	err := e.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := e.resolve(ctx, tx, req.Caller); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE engine_organizations SET members_known = 1 WHERE id = $1`, id); err != nil {
			return fmt.Errorf("set the members of an organisation: %w", err)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM engine_members WHERE organization_id = $1`, id); err != nil {
			return fmt.Errorf("set the members of an organisation: %w", err)
		}
		for _, user := range req.UserIds {
			if _, err := tx.Exec(ctx, `INSERT INTO engine_members (organization_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, id, user); err != nil {
				return fmt.Errorf("set the members of an organisation: %w", err)
			}
		}
		return e.record(ctx, tx, event{Action: actionMembers, ObjectType: "organization", ObjectID: id, Detail: map[string]any{"users": req.UserIds}})
	})
	if err != nil {
		return nil, err
	}
	return &api.SetOrganizationMembersResponse{}, nil
}

// needMember refuses somebody who is known not to sign for an organisation; without one everybody signs for themselves.
func (e *Engine) needMember(ctx context.Context, tx *store.Tx, organizationID, userID string) error {
	if organizationID == "" {
		return nil
	}
	var known, member bool
	err := tx.QueryRow(ctx, `SELECT members_known, EXISTS (SELECT 1 FROM engine_members WHERE organization_id = $1 AND user_id = $2)
		FROM engine_organizations WHERE id = $1`, organizationID, userID).Scan(&known, &member)
	if err != nil {
		return fmt.Errorf("find the members of an organisation: %w", err)
	}
	if err := memberAsTold(ctx, tx, organizationID, userID, known, member); err != nil {
		return err
	}
	if known && !member {
		return denied("user %q does not sign for sub-organisation %q", userID, organizationID)
	}
	return nil
}

// errSealUse: a seal that somebody may not use now.
var errSealUse = errors.New("engine: the seal may not be used")

// needKeeper gives errSealUse, with the reason, for a seal that a person may not use now: it is disabled or destroyed, they are not its
// keeper or not at this time, or it is the legal representative's and they are not.
func (e *Engine) needKeeper(ctx context.Context, tx *store.Tx, s *sealRow, userID string) error {
	if err := sealAsTold(ctx, tx, s); err != nil {
		return err
	}
	if s.State != api.SealActive {
		return fmt.Errorf("%w: it is %s", errSealUse, strings.ToLower(s.State))
	}
	if s.Owner.Kind != ownerOrganization {
		return nil
	}
	if s.Kept {
		var from, until int64
		err := tx.QueryRow(ctx, `SELECT valid_from, valid_until FROM engine_seal_keepers WHERE seal_id = $1 AND user_id = $2`, s.ID, userID).Scan(&from, &until)
		now := e.now()
		switch {
		case errors.Is(err, store.ErrNotFound):
			return fmt.Errorf("%w: user %q is not its keeper", errSealUse, userID)
		case err != nil:
			return fmt.Errorf("find the keepers of a seal: %w", err)
		case from != 0 && now.Before(time.Unix(from, 0)), until != 0 && !now.Before(time.Unix(until, 0)):
			return fmt.Errorf("%w: user %q keeps it at another time", errSealUse, userID)
		}
	}
	if s.Kind != seal.LegalRepresentative || s.Owner.ID == "" {
		return nil
	}
	return e.needLegalRepresentative(ctx, tx, s, userID)
}

// needLegalRepresentative gives errSealUse for everybody but the legal representative of the seal's organisation: the name, and the number
// where the organisation has one, are those of the register.
func (e *Engine) needLegalRepresentative(ctx context.Context, tx *store.Tx, s *sealRow, userID string) error {
	o, err := e.findOrganization(ctx, tx, s.ApplicationID, s.Owner.ID)
	if err != nil {
		return fmt.Errorf("find the organisation of a seal: %w", err)
	}
	u, err := e.findUser(ctx, tx, s.ApplicationID, userID)
	if err != nil {
		return fmt.Errorf("find the user of a seal: %w", err)
	}
	if !numbers.SameName(u.Name, o.LegalName) || o.LegalIDCardNumber != "" && !strings.EqualFold(u.IDCardNumber, o.LegalIDCardNumber) {
		return fmt.Errorf("%w: user %q is not the legal representative", errSealUse, userID)
	}
	return nil
}

// checkUse is needKeeper as an answer of the platform's: the parameter names what cannot be used.
func (e *Engine) checkUse(ctx context.Context, tx *store.Tx, parameter string, s *sealRow, userID string) error {
	err := e.needKeeper(ctx, tx, s, userID)
	if errors.Is(err, errSealUse) {
		return badValue(parameter, "seal %q: %v", s.ID, err)
	}
	return err
}

// hasKept tells whether the use of any of an organisation's seals is bound to keepers. Then no loose picture takes a seal's place.
func (e *Engine) hasKept(ctx context.Context, tx *store.Tx, organizationID string) (kept bool, err error) {
	if organizationID == "" {
		return false, nil
	}
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM engine_seals s WHERE owner_kind = $1 AND owner_id = $2 AND (kept = 1 OR EXISTS
		(SELECT 1 FROM audit_events WHERE object_id = s.id AND object_type = 'seal' AND object_id <> '' AND +action = $3)))`,
		string(ownerOrganization), organizationID, actionSealUse).Scan(&kept)
	if err != nil {
		return false, fmt.Errorf("look for kept seals: %w", err)
	}
	return kept, nil
}

// mayStill asks again, in the transaction of the act, whether the signer may act for their organisation and use the seals of the act:
// making the signature takes a while, and what was withdrawn meanwhile binds.
func (e *Engine) mayStill(ctx context.Context, tx *store.Tx, p *signing) error {
	if err := taskAsTold(ctx, tx, p.flow.ID, p.approver.SignID); err != nil {
		return err
	}
	if err := e.needMember(ctx, tx, p.approver.OrganizationID, p.approver.UserID); err != nil {
		return err
	}
	for _, c := range p.choices {
		if c.seal == nil {
			continue
		}
		row, err := e.findSeal(ctx, tx, p.flow.ApplicationID, c.seal.ID)
		if err != nil {
			return orNotFound(err, "SealId", c.seal.ID)
		}
		if err := e.checkUse(ctx, tx, "SealId", row, p.approver.UserID); err != nil {
			return err
		}
	}
	return nil
}
